import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request as requestOverTls } from 'node:https';
import { text as readAll } from 'node:stream/consumers';
import { connect, type TLSSocket } from 'node:tls';
import { describe, it } from 'node:test';
import { annotatedPod, container, KEYS, type Json } from '../admission/pods.ts';
import { jwtReview } from '../hostile/reviews.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { reviewText } from './reviews.ts';
import { withWebhook, type Reply, type StartedWebhook } from './started-webhook.ts';

const MIB = 1024 * 1024;
const HOST = '127.0.0.1';
const ELSEWHERE = '127.0.0.2';
const HEAD = 'POST /mutate/pods?timeout=5s HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n';

/** Sends the head of a request whose body never arrives. */
async function announce({ port, certificate }: StartedWebhook, bytes: number) {
  const socket = connect({ host: HOST, port, ca: certificate.cert }).on('error', () => {});
  await once(socket, 'secureConnect');
  socket.write(`${HEAD}content-length: ${bytes}\r\n\r\n{`);
  return socket;
}

/**
 * Sends pieces as the API server does, from another address; without a length, so that their number is not
 * known.
 */
async function sendPieces(
  { port, certificate }: StartedWebhook,
  pieces: readonly string[],
  length?: number,
  {
    agent = false,
    isLeftOpen = false,
  }: { readonly agent?: Agent | false; readonly isLeftOpen?: boolean } = {},
): Promise<Pick<Reply, 'status' | 'text'>> {
  const headers = {
    'content-type': 'application/json',
    ...(length === undefined ? {} : { 'content-length': length }),
  };
  const outgoing = requestOverTls({
    host: HOST,
    port,
    localAddress: ELSEWHERE,
    path: '/mutate/pods?timeout=5s',
    method: 'POST',
    ca: certificate.cert,
    agent,
    headers,
  });
  const answered = once(outgoing, 'response');
  for (const piece of pieces) outgoing.write(piece);
  if (!isLeftOpen) outgoing.end();
  const [response] = await answered;
  outgoing.on('error', () => {}).end();
  return { status: response.statusCode, text: await readAll(response) };
}

describe('bodies of hostile clients:', () => {
  const hostile: readonly [string, string, RegExp][] = [
    ['8 MiB of opening brackets', '['.repeat(8 * MIB), /nests more than 500 deep/],
    ['8 MiB of empty objects', `[${'{},'.repeat((8 * MIB) / 3 - 2)}0]`, /more than 700000 values/],
  ];
  for (const [title, body, message] of hostile) {
    it(`${title} are refused with the limit, before they are parsed`, async () => {
      await withWebhook({}, async ({ send }) => {
        const reply = await send('/mutate/pods', body);
        assert.equal(reply.status, 413);
        assert.match(String(JSON.parse(reply.text).message), message);
        assert.equal((await send('/mutate/pods', reviewText())).status, 200);
      });
    });
  }

  it('a JWT of 300,000 claims is refused before it is parsed: a review of one cost seconds', async () => {
    await withWebhook({ validateJwt: () => assert.fail('it was parsed') }, async ({ send }) => {
      const claims = Array.from({ length: 300_000 }, (_, index) => `"claim${index}":"x"`).join(',');
      const reply = await send('/validate/jwts', jwtReview(`"data":{${claims}}`));
      assert.equal(reply.status, 413);
      assert.match(String(JSON.parse(reply.text).message), /more than 50000 members/);
    });
  });

  it('a review that arrives byte by byte gets the same answer as a complete one', async () => {
    await withWebhook({}, async (started) => {
      const body = reviewText({ object: annotatedPod({}, { 'example.com/note': 'x'.repeat(40) }) });
      const whole = await sendPieces(started, [body], Buffer.byteLength(body));
      assert.equal(whole.status, 200);
      assert.deepEqual(await sendPieces(started, body.split(''), Buffer.byteLength(body)), whole);
      assert.deepEqual(await sendPieces(started, body.split('')), whole);
    });
  });

  it('chunks of more than 8 MiB together are refused', async () => {
    await withWebhook({}, async (started) => {
      // A client that is still sending when it is refused can get a connection reset before it reads the
      // refusal.
      const pieces = [...Array.from({ length: 8 }, () => 'x'.repeat(MIB)), 'x'];
      const reply = await sendPieces(started, pieces, undefined, { isLeftOpen: true });
      assert.equal(reply.status, 413);
      assert.match(reply.text, /larger than 8 MiB/);
    });
  });

  it('large bodies that never arrive prevent no other client from sending one of 7 MiB', async () => {
    await withWebhook({}, async (started) => {
      const attackers: TLSSocket[] = [];
      for (let count = 0; count < 40; count += 1) attackers.push(await announce(started, 8 * MIB));
      const countOpen = (): number => attackers.filter((socket) => !socket.closed).length;
      await waitUntil('all but eight to be closed', 10_000, () => countOpen() <= 8);
      const body = reviewText({ object: { ...annotatedPod(), padding: 'x'.repeat(7 * MIB) } });
      const reply = await sendPieces(started, [body], body.length);
      assert.equal(reply.status, 200);
      assert.ok(JSON.parse(reply.text).response.patch);
      for (const socket of attackers) socket.destroy();
    });
  });

  it('costly bodies of one client do not delay another', async () => {
    await withWebhook({}, async (started) => {
      // Each one is within the limits: objects with new keys, for which V8 makes a hidden class.
      const makeCostly = (index: number): string => {
        const members = Array.from({ length: 4_000 }, (_, key) => `{"${index}k${key.toString(36)}":1}`);
        const object = { ...annotatedPod(), members: '@' };
        return reviewText({ object }).replace('"@"', `[${members.join(',')}]`);
      };
      const costly = Array.from({ length: 60 }, (_, index) => makeCostly(index));
      const small = reviewText();
      const agent = new Agent({ keepAlive: true });
      const askElsewhere = () => sendPieces(started, [small], small.length, { agent });
      const attack = (bodies: readonly string[]) =>
        Promise.all(bodies.map((body) => started.send('/mutate/pods', body).finally(() => (done += 1))));
      let done = 0;
      await Promise.all([attack(costly.map(() => small)), askElsewhere()]); // opens the connections
      done = 0;
      const attacked = attack(costly);
      attacked.catch(() => undefined); // it ends with the webhook if the next step fails
      assert.equal((await askElsewhere()).status, 200);
      assert.ok(done < 40, `${done} of the costly ones came first`);
      for (const reply of await attacked) assert.equal(reply.status, 200);
      agent.destroy();
    });
  });

  it('a log line stays short for any names in a review', async () => {
    await withWebhook({}, async (started) => {
      const long = 'x'.repeat(MIB);
      const object = annotatedPod({}, { [KEYS.token]: 'my-jwt' });
      const metadata: Json = {
        ...Object(object['metadata']),
        namespace: long,
        generateName: long,
        ownerReferences: [{ controller: true, kind: long, name: long }],
      };
      const review = {
        namespace: long,
        kind: { kind: long },
        subResource: long,
        object: { ...object, metadata },
      };
      for (const request of [review, { ...review, subResource: '', name: long }])
        assert.equal((await started.send('/mutate/pods', reviewText(request))).status, 200);
      assert.equal(started.lines.length, 2);
      for (const line of started.lines) assert.ok(JSON.stringify(line).length < 4_000);
      const reply = await started.send('/mutate/pods', reviewText({ uid: long }));
      assert.equal(reply.status, 400);
      assert.match(reply.text, /request.uid is longer than 128 characters/);
    });
  });

  it('large answers that are not read prevent no other client from getting its own', async () => {
    await withWebhook({}, async (started) => {
      const containers = Array.from({ length: 2_000 }, (_, index) => container(`c${index}`));
      const body = reviewText({
        object: annotatedPod({ containers }, { [KEYS.mountPath]: `/${'a/'.repeat(40)}a` }),
      });
      const whole = await sendPieces(started, [body], body.length);
      assert.equal(whole.status, 200);
      const sockets = await Promise.all(Array.from({ length: 100 }, () => announce(started, body.length)));
      for (const socket of sockets) socket.pause().write(body.slice(1));
      assert.deepEqual(await sendPieces(started, [body], body.length), whole);
      for (const socket of sockets) socket.destroy();
    });
  });
});
