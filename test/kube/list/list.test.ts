import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectMember, type JsonObject } from '../../../src/resources/json.ts';
import { isAnswerLate, isExpired, isTransient } from '../../../src/kube/errors.ts';
import { clientOf, clusterAt, refuse, startBadServer } from '../bad-server.ts';
import { startFakeApi, type Fault } from '../fake-api.ts';

const expired: Fault = (response) => refuse(response, 410, 'Expired');

async function bigApi() {
  const api = await startFakeApi();
  for (let i = 0; i < 1_200; i += 1) api.put(`ns/s${i}`);
  const client = clientOf(clusterAt(api.server.url));
  return {
    api,
    client,
    [Symbol.asyncDispose]: async () => {
      await client.close();
      await api[Symbol.asyncDispose]();
    },
  };
}

test('a list is read in pages of 500, and its objects have their type', async () => {
  await using all = await bigApi();
  const { items, resourceVersion } = await all.client.list('/api/v1/secrets');
  assert.equal(items.length, 1_200);
  assert.equal(resourceVersion, '2200');
  assert.equal(all.api.counts.list, 3);
  assert.deepEqual([items[0]?.['apiVersion'], items[0]?.['kind']], ['v1', 'Secret']);
});

test('a list whose pages expire begins again and has no object twice', async () => {
  await using all = await bigApi();
  let count = 0;
  const { handler } = all.api.server;
  all.api.server.handler = (request, response) => {
    count += 1;
    if (count === 3) expired(response, request);
    else handler(request, response);
  };
  const { items } = await all.client.listMapped('/api/v1/secrets', {
    map: (object) => JSON.stringify(object['metadata']),
  });
  assert.equal(new Set(items).size, 1_200);
  assert.equal(items.length, 1_200);
  assert.equal(count, 6);
});

test('a list that always expires is given up', async () => {
  await using all = await bigApi();
  all.api.faults.list = [expired, expired, expired, expired, expired];
  await assert.rejects(all.client.list('/api/v1/secrets'), isExpired);
  assert.equal(all.api.faults.list.length, 1);
});

test('other work continues while a long page arrives', async () => {
  const item = JSON.stringify({ metadata: { name: 'x' }, data: Array.from({ length: 20_000 }, () => ({})) });
  await using server = await startBadServer((_request, response) => {
    response.writeHead(200).end(`{"items":[${Array.from({ length: 200 }, () => item).join()}]}`);
  });
  await using client = clientOf(clusterAt(server.url));
  let turns = 0;
  let most = 0;
  const count = (): void => {
    turns += 1;
    counting = setImmediate(count);
  };
  let counting = setImmediate(count);
  let seen = turns;
  let inOneTurn = 0;
  const map = (): void => {
    inOneTurn = seen === turns ? inOneTurn + 1 : 1;
    most = Math.max(most, inOneTurn);
    seen = turns;
  };
  try {
    await client.listMapped('/api/v1/secrets', { map });
  } finally {
    clearImmediate(counting); // otherwise a list that fails would keep the process busy forever
  }
  assert.ok(most < 100, `${most} of 200 objects were parsed in one turn of the event loop`);
});

test('a page that stalls is given up', async () => {
  await using server = await startBadServer(
    (_request, response) => void response.writeHead(200).write('{"items":['),
  );
  await using client = clientOf(clusterAt(server.url));
  await assert.rejects(client.list('/api/v1/secrets', { deadline: 200 }), isTransient);
});

test('the first byte of a page is waited for as long as the caller says, not only as long as each further one', async () => {
  await using server = await startBadServer(
    (_request, response) => void setTimeout(() => response.end('{"items":[]}'), 3_000), // undici is exact to a second
  );
  await using client = clientOf(clusterAt(server.url));
  const waits: number[] = [];
  const list = (patience: number) =>
    client.listMapped('/api/v1/secrets', {
      patience,
      onAnswer: (waited) => waits.push(waited),
      map: (object) => object,
    });
  const [, { items }] = await Promise.all([assert.rejects(list(50), isAnswerLate), list(20_000)]);
  assert.deepEqual(items, []);
  assert.ok(waits.length === 1 && waits.every((waited) => waited >= 2_900), String(waits));
});

const pageOf = (names: readonly string[], token: string, end = ']}'): string =>
  `{"metadata":{"resourceVersion":"7","continue":"${token}"},"items":[${names.map((name) => `{"metadata":{"name":"${name}"}}`).join()}${end}`;

const nameOf = (item: JsonObject): unknown => objectMember(item, 'metadata')?.['name'];

test('the next page is requested while a page arrives, but no further one', async () => {
  let finishFirst = (): void => undefined;
  const asked: (string | null)[] = [];
  await using server = await startBadServer(({ query }, response) => {
    const token = query.get('continue');
    asked.push(token);
    response.writeHead(200);
    if (token === null) {
      response.write(pageOf(['a'], 'second', ''));
      finishFirst = () => response.end(']}');
    } else {
      response.end(token === 'second' ? pageOf(['b'], 'third') : pageOf(['c'], ''));
    }
  });
  await using client = clientOf(clusterAt(server.url));
  const map = (item: JsonObject): unknown => {
    const name = nameOf(item);
    if (name === 'b') {
      assert.deepEqual(asked, [null, 'second']);
      finishFirst();
    }
    return name;
  };
  const { items } = await client.listMapped('/api/v1/secrets', { map });
  assert.deepEqual(items, ['a', 'b', 'c']);
  assert.deepEqual(asked, [null, 'second', 'third']);
});

/** As the API server writes lists of custom resources: with sorted members. */
const customPageOf = (names: readonly string[], token: string): string =>
  `{"apiVersion":"x/v1","items":[${names.map((name) => `{"metadata":{"name":"${name}"}}`).join()}],"kind":"XList","metadata":{"continue":"${token}","resourceVersion":"7"}}\n`;

test('the next page is requested before this one is parsed, if its token is at the end', async () => {
  const asked: (string | null)[] = [];
  const names = Array.from({ length: 500 }, (_, index) => `first-${index}`);
  await using server = await startBadServer(({ query }, response) => {
    const token = query.get('continue');
    asked.push(token);
    const isFirst = token === null;
    response.writeHead(200).end(isFirst ? customPageOf(names, 'second') : customPageOf(['last'], ''));
  });
  await using client = clientOf(clusterAt(server.url));
  let askedDuringFirst = 0;
  const map = (item: JsonObject): unknown => {
    const name = nameOf(item);
    if (name !== 'last' && asked.length === 2) askedDuringFirst += 1;
    // A long computation yields: meanwhile the rest of the page arrives.
    const until = performance.now() + 1;
    while (performance.now() < until);
    return name;
  };
  const { items, resourceVersion } = await client.listMapped('/apis/x/v1/xs', { map });
  assert.deepEqual(items, [...names, 'last']);
  assert.equal(resourceVersion, '7');
  assert.deepEqual(asked, [null, 'second']);
  assert.ok(askedDuringFirst > 0, 'the second page was asked for after the first was parsed');
});

test('an answer that is not a list is not requested again in smaller pages', async () => {
  let asked = 0;
  await using server = await startBadServer((_request, response) => {
    asked += 1;
    response.writeHead(200).end('<html>]</html>');
  });
  await using client = clientOf(clusterAt(server.url));
  await assert.rejects(client.list('/api/v1/secrets'), /Malformed|malformed/);
  assert.equal(asked, 1);
});

test('after a page that ends after its head, the result of smaller pages is used', async () => {
  const asked: string[] = [];
  await using server = await startBadServer(({ query }, response) => {
    const token = query.get('continue');
    const limit = query.get('limit');
    asked.push(`${token} ${limit}`);
    response.writeHead(200);
    if (token === null && limit === '500') {
      response.write(pageOf(['a', 'b'], 'after-b', ''), () => response.destroy());
    } else if (token === null) {
      response.end(pageOf(['a'], 'after-a'));
    } else if (token === 'after-a') {
      response.end(pageOf(['b', 'c'], ''));
    } // the page after b never ends
  });
  await using client = clientOf(clusterAt(server.url));
  const { items } = await client.listMapped('/api/v1/secrets', { map: nameOf });
  assert.deepEqual(items, ['a', 'b', 'c']);
  assert.deepEqual([...new Set(asked)].toSorted(), ['after-a 126', 'after-b 500', 'null 500', 'null 63']);
});
