import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_RESYNC_MS } from '../../src/time/max-resync.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { virtualClock } from '../time/virtual-clock.ts';
import { answer, problemOf, refuse, withServer } from './bad-server.ts';

const SECRET = '/api/v1/namespaces/ns/secrets/s';

test('a request is repeated after a 429 at the time that the API server names, if that is within the deadline', async () => {
  const clock = virtualClock();
  await withServer(
    (_request, response) => {
      if (clock.monotonic() < 4_000) refuse(response, 429, 'TooManyRequests', {}, { 'retry-after': '2' });
      else answer(response, 200, { done: true });
    },
    async (client, server) => {
      const creating = client.create('/api/v1/namespaces/ns/secrets', {});
      for (const count of [1, 2]) {
        await server.received(count);
        await waitUntil('the wait', 60_000, () => clock.pending() === 2); // besides that of the deadline
        await clock.advance(2_000);
      }
      assert.deepEqual(await creating, { done: true });
      assert.equal(server.requests.length, 3);
    },
    clock,
  );
});

test('a 429 beyond the deadline is thrown at once, with the time to wait', () =>
  withServer(
    (_request, response) => refuse(response, 429, 'TooManyRequests', { details: { retryAfterSeconds: 30 } }),
    async (client, server) => {
      const problem = await problemOf(client.get(SECRET)); // no time passes
      assert.equal(problem.retryAfter, 30_000);
      assert.equal(server.requests.length, 1);
    },
    virtualClock(),
  ));

/** The header, that of the answer's own time, and the wait that they ask for in milliseconds. */
const WAITS: readonly (readonly [after: string, date: string | undefined, wait: number | undefined])[] = [
  ['30', 'Wed, 21 Oct 2015 07:28:00 GMT', 30_000],
  ['Wed, 21 Oct 2015 07:28:30 GMT', 'Wed, 21 Oct 2015 07:28:00 GMT', 30_000],
  ['Wed, 21 Oct 2099 07:28:00 GMT', 'Wed, 21 Oct 2015 07:28:00 GMT', MAX_RESYNC_MS],
  ['Wed, 21 Oct 2015 07:28:00 GMT', 'Wed, 21 Oct 2015 07:28:30 GMT', undefined],
  ['Wed, 21 Oct 2099 07:28:00 GMT', undefined, undefined],
  ['soon', 'Wed, 21 Oct 2015 07:28:00 GMT', undefined],
];

for (const [after, date, wait] of WAITS) {
  test(`a Retry-After of ${after} in an answer of ${date} asks to wait ${wait}`, () =>
    withServer(
      (_request, response) => {
        response.sendDate = false;
        const headers = { 'retry-after': after, ...(date === undefined ? {} : { date }) };
        refuse(response, 429, 'TooManyRequests', {}, headers);
      },
      async (client) => {
        assert.equal((await problemOf(client.get(SECRET))).retryAfter, wait);
      },
      virtualClock(),
    ));
}

test('a request is repeated after a 503 only if it can be executed twice', async () => {
  const clock = virtualClock();
  await withServer(
    (_request, response) => refuse(response, 503, 'ServiceUnavailable', {}, { 'retry-after': '2' }),
    async (client, server) => {
      await problemOf(client.create('/api/v1/namespaces/ns/secrets', {}));
      assert.equal(server.requests.length, 1);
      const applying = problemOf(client.apply(SECRET, {}, { force: true })); // 5 s: tries at 0, 2 and 4 s
      for (const count of [2, 3]) {
        await server.received(count);
        await waitUntil('the wait', 60_000, () => clock.pending() === 2);
        await clock.advance(2_000);
      }
      assert.equal((await applying).status, 503);
      assert.equal(server.requests.length, 4);
    },
    clock,
  );
});
