import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadCluster } from '../../../src/kube/connection/cluster.ts';
import { findFreePort } from '../../controlplane/free-port.ts';
import { skippingClock } from '../../time/skipping-clock.ts';
import { answer, clientOf, startBadServer, type SeenRequest } from '../bad-server.ts';
import { inFolder, kubeconfig, type Parts } from '../kubeconfig.ts';

const INSECURE = { 'insecure-skip-tls-verify': true };

/** Two contexts, `first` for one server and `other` for another one, each with a user of its own. */
function twoClusters(urls: readonly [string, string], current: string): string {
  const [one, two] = urls;
  return kubeconfig({
    more: {
      clusters: [
        { name: 'c', cluster: { server: one, ...INSECURE } },
        { name: 'c2', cluster: { server: two, ...INSECURE } },
      ],
      users: [
        { name: 'u', user: { token: 'of-first' } },
        { name: 'u2', user: { token: 'of-other' } },
      ],
      contexts: [
        { name: 'first', context: { cluster: 'c', user: 'u' } },
        { name: 'other', context: { cluster: 'c2', user: 'u2' } },
      ],
      'current-context': current,
    },
  });
}

const tokensOf = (requests: readonly SeenRequest[]): readonly unknown[] =>
  requests.map(({ headers }) => headers.authorization);

test('another current context changes nothing: the credentials of its cluster go to no other one', () =>
  inFolder(async (_folder, write) => {
    await using server = await startBadServer((_request, response) =>
      answer(response, server.requests.length === 1 ? 200 : 401, {}),
    );
    await using other = await startBadServer((_request, response) => answer(response, 200, {}));
    const urls = [server.url, other.url] as const;
    const file = await write('config', twoClusters(urls, 'first'));
    const cluster = loadCluster({ kubeconfig: file });
    assert.ok(cluster.ok);
    await using client = clientOf(cluster.value);
    await client.get('/version');
    await write('config', twoClusters(urls, 'other'));
    await assert.rejects(client.get('/version'), { status: 401 });
    assert.deepEqual(tokensOf(server.requests), ['Bearer of-first', 'Bearer of-first']);
    assert.deepEqual(other.requests, []);
  }));

test('a context that leads to another API server by now has no credentials for the known one, until it leads back', () =>
  inFolder(async (_folder, write) => {
    await using server = await startBadServer(({ headers }, response) =>
      answer(
        response,
        server.requests.length === 1 || headers.authorization === 'Bearer third' ? 200 : 401,
        {},
      ),
    );
    const config = (token: string, parts: Parts = {}): string =>
      kubeconfig({ server: server.url, cluster: INSECURE, user: { token }, ...parts });
    const file = await write('config', config('first'));
    const cluster = loadCluster({ kubeconfig: file });
    assert.ok(cluster.ok);
    await using client = clientOf(cluster.value);
    await client.get('/version');
    await write('config', config('second', { server: 'https://name:secret@moved:6443/' }));
    const why = `context first of ${file} names another API server now, https://moved:6443: start again`;
    for (const _ of ['after the refusal', 'and again'])
      await assert.rejects(client.get('/version'), {
        reason: 'Credentials',
        message: `get /version: Credentials (no credentials for ${server.url}: ${why})`,
      });
    await write('config', config('second', { more: { contexts: [] } }));
    await assert.rejects(client.get('/version'), /context first of .* no longer has the context\)/);
    assert.deepEqual(tokensOf(server.requests), ['Bearer first', 'Bearer first']);
    await write('config', config('third'));
    await client.get('/version');
    assert.equal(server.requests.at(-1)?.headers.authorization, 'Bearer third');
  }));

test('the same API server in another spelling does not count as another one', () =>
  inFolder(async (_folder, write) => {
    await using server = await startBadServer(({ headers }, response) =>
      answer(
        response,
        headers.authorization === 'Bearer second' || server.requests.length === 1 ? 200 : 401,
        {},
      ),
    );
    const config = (url: string, token: string): string =>
      kubeconfig({ server: url, cluster: INSECURE, user: { token } });
    const file = await write('config', config(server.url, 'first'));
    const cluster = loadCluster({ kubeconfig: file });
    assert.ok(cluster.ok);
    await using client = clientOf(cluster.value);
    await client.get('/version');
    await write('config', config(`${server.url.toUpperCase()}//`, 'second'));
    await client.get('/version');
    assert.deepEqual(tokensOf(server.requests), ['Bearer first', 'Bearer first', 'Bearer second']);
  }));

for (const [what, text] of [
  ['has no contexts yet', 'apiVersion: v1\nclusters:\n'],
  ['has half of a server', kubeconfig({ server: 'https:', cluster: INSECURE })],
] as const)
  test(`a kubeconfig that is being written and ${what} takes no credentials away`, () =>
    inFolder(async (_folder, write) => {
      await using server = await startBadServer((_request, response) =>
        answer(response, server.requests.length === 2 ? 401 : 200, {}),
      );
      const file = await write('config', kubeconfig({ server: server.url, cluster: INSECURE }));
      const cluster = loadCluster({ kubeconfig: file });
      assert.ok(cluster.ok);
      await using client = clientOf(cluster.value);
      await client.get('/version');
      await write('config', text);
      await assert.rejects(client.get('/version'), { status: 401 });
      await client.get('/version');
      assert.equal(server.requests.length, 3);
    }));

test('where the API server is not reached, the kubeconfig is read again for its address and its proxy', () =>
  inFolder(async (_folder, write) => {
    await using server = await startBadServer((_request, response) => answer(response, 200, {}));
    const config = (parts: Parts): string =>
      kubeconfig({ server: server.url, ...parts, cluster: { ...INSECURE, ...parts.cluster } });
    const dead = `http://127.0.0.1:${await findFreePort()}`;
    const file = await write('config', config({ cluster: { 'proxy-url': dead } }));
    const cluster = loadCluster({ kubeconfig: file });
    assert.ok(cluster.ok);
    const clock = skippingClock();
    await using client = clientOf(cluster.value, clock);
    const asking = () => client.get('/version', { deadline: 60_000 });
    await assert.rejects(asking, { reason: 'Unreachable' });
    await write('config', config({}));
    await assert.rejects(asking, { reason: 'Unreachable' }); // it is read at most every 30 s
    clock.skip(31_000);
    await assert.rejects(asking, { reason: 'Unreachable' });
    await asking();

    await server[Symbol.asyncDispose]();
    await write('config', config({ server: 'https://moved:6443' }));
    clock.skip(31_000);
    await assert.rejects(asking, /names another API server now, https:\/\/moved:6443: start again/);
  }));

test('a watch that does not reach the API server reads the kubeconfig again, too', () =>
  inFolder(async (_folder, write) => {
    await using server = await startBadServer((_request, response) => answer(response, 200, {}));
    const config = (url: string): string => kubeconfig({ server: url, cluster: INSECURE });
    const file = await write('config', config(server.url));
    const cluster = loadCluster({ kubeconfig: file });
    assert.ok(cluster.ok);
    await using client = clientOf(cluster.value);
    await client.get('/version');
    await server[Symbol.asyncDispose]();
    await write('config', config('https://moved:6443'));
    const watching = async (): Promise<void> => {
      const events = client.watch('/api/v1/secrets', {}, new AbortController().signal);
      for await (const { type } of events) assert.fail(`an event of type ${type}`);
    };
    await assert.rejects(watching, /names another API server now, https:\/\/moved:6443: start again/);
  }));
