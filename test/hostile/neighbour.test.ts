import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { waitUntil } from '../controlplane/wait-until.ts';
import type { Loose } from '../integration/objects.ts';
import { startFakeApi, type FakeAnswer } from './fake-api.ts';
import { startNeighbour } from './neighbour.ts';

const WITHIN_MS = 30_000;
const INJECTED = { containers: [{ env: [{ name: 'BEARER_TOKEN_FILE' }] }] };
const TOKEN = ['e30', Buffer.from('{"exp":9999999999}').toString('base64url'), 'a'].join('.');

function listOf(count: number): FakeAnswer {
  const items = Array.from({ length: count }, (_, number) => ({
    metadata: { name: `token-${number}` },
    data: { token: Buffer.from(TOKEN).toString('base64') },
  }));
  return { status: 200, body: { items } };
}

/** What pods get, as annotated ones are injected. */
function created(method: string, path: string, { metadata = {} }: Loose): FakeAnswer {
  const isAnnotated = Object.keys(metadata.annotations ?? {}).length > 0;
  const spec = isAnnotated ? INJECTED : { containers: [{}] };
  const isPod = method === 'POST' && path.endsWith('/pods');
  return { status: method === 'POST' ? 201 : 200, body: isPod ? { metadata: { name: 'work-1' }, spec } : {} };
}

describe('the well-behaved neighbour', { timeout: 2 * WITHIN_MS }, () => {
  for (const [what, secrets, harm] of [
    ['its Secrets are gone', listOf(0), '10 of 10 Secrets have no token'],
    ['one token is gone', listOf(9), '1 of 10 Secrets have no token'],
    [
      'it cannot look',
      { status: 403, body: { message: 'secrets is forbidden' } },
      'Secrets could not be read: Error: 403 secrets is forbidden',
    ],
  ] as const) {
    it(`is harmed if ${what}`, async () => {
      let answer: FakeAnswer = listOf(10);
      await using api = await startFakeApi((method, path, body) =>
        method === 'GET' ? answer : created(method, path, body),
      );
      const neighbour = await startNeighbour({ api: api.access, namespace: 'well-behaved' });
      try {
        await waitUntil('a pod', WITHIN_MS, () => neighbour.takeExperience().pods > 0);
        assert.deepEqual(neighbour.takeExperience().harms, []);
        answer = secrets;
        const harms = await waitUntil('a harm', WITHIN_MS, () => {
          const { harms: all } = neighbour.takeExperience();
          return all.length > 0 && all;
        });
        assert.deepEqual(harms, [harm]);
      } finally {
        await neighbour.stop();
      }
    });
  }

  it('forgets also what comes of a request that is under way', async () => {
    const answer = Promise.withResolvers<FakeAnswer>();
    let asked = 0;
    await using api = await startFakeApi((method, path, body) => {
      if (method === 'GET') return listOf(10);
      if (path.endsWith('/pods')) asked += 1;
      return asked === 1 ? answer.promise : created(method, path, body);
    });
    const neighbour = await startNeighbour({ api: api.access, namespace: 'well-behaved' });
    try {
      await waitUntil('a request for a pod', WITHIN_MS, () => asked > 0);
      neighbour.forget();
      answer.resolve({ status: 500, body: { message: 'no webhook' } });
      const seen = await waitUntil('a pod', WITHIN_MS, () => {
        const { pods, harms } = neighbour.takeExperience();
        return (pods > 0 || harms.length > 0) && harms;
      });
      assert.deepEqual(seen, []);
    } finally {
      await neighbour.stop();
    }
  });
});
