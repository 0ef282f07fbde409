import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { waitUntil } from '../controlplane/wait-until.ts';
import { startScriptedApi, type ScriptedAnswer } from './scripted-api.ts';
import { answerOf, listSecrets } from './fake-cluster.ts';
import { startNeighbour } from './neighbour.ts';

const WITHIN_MS = 30_000;
const VALID = 9_999_999_999;
const EXPIRED = 1;
const REFUSED: ScriptedAnswer = { status: 500, body: { message: 'no webhook' } };

describe('the well-behaved neighbour', { timeout: 2 * WITHIN_MS }, () => {
  for (const [what, secrets, harm] of [
    ['its Secrets are gone', listSecrets(0), '10 of 10 Secrets have no token'],
    ['one token is gone', listSecrets(9), '1 of 10 Secrets have no token'],
    [
      'it cannot look',
      { status: 403, body: { message: 'secrets is forbidden' } },
      'Secrets could not be read: Error: 403 secrets is forbidden',
    ],
  ] as const) {
    it(`is harmed if ${what}`, async () => {
      let answer: ScriptedAnswer = listSecrets(10);
      await using api = await startScriptedApi((method, path, body) =>
        method === 'GET' ? answer : answerOf(method, path, body),
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
    const answer = Promise.withResolvers<ScriptedAnswer>();
    let asked = 0;
    await using api = await startScriptedApi((method, path, body) => {
      if (method === 'GET') return listSecrets(10);
      if (path.endsWith('/pods')) asked += 1;
      return asked === 1 ? answer.promise : answerOf(method, path, body);
    });
    const neighbour = await startNeighbour({ api: api.access, namespace: 'well-behaved' });
    try {
      await waitUntil('a request for a pod', WITHIN_MS, () => asked > 0);
      neighbour.forget();
      answer.resolve(REFUSED);
      const seen = await waitUntil('a pod', WITHIN_MS, () => {
        const { pods, harms } = neighbour.takeExperience();
        return (pods > 0 || harms.length > 0) && harms;
      });
      assert.deepEqual(seen, []);
    } finally {
      await neighbour.stop();
    }
  });

  it('settles when what is under way was answered', async () => {
    const answer = Promise.withResolvers<ScriptedAnswer>();
    let asked = 0;
    await using api = await startScriptedApi((method, path, body) => {
      if (method === 'GET') return listSecrets(10);
      if (path.endsWith('/pods')) asked += 1;
      return asked === 1 ? answer.promise : answerOf(method, path, body);
    });
    const neighbour = await startNeighbour({ api: api.access, namespace: 'well-behaved' });
    try {
      await waitUntil('a request for a pod', WITHIN_MS, () => asked > 0);
      const settled = neighbour.settle();
      answer.resolve(REFUSED);
      await settled;
      assert.deepEqual(neighbour.takeExperience().harms, ['a pod was refused: 500 no webhook']);
    } finally {
      await neighbour.stop();
    }
  });

  describe('after a new start of the service', () => {
    /** A cluster whose tokens have expired, and a neighbour that has reported that. */
    async function startExpired(opened: AsyncDisposableStack) {
      const cluster = { exp: VALID, refusesPods: false, looks: 0 };
      const api = await startScriptedApi((method, path, body) => {
        if (method === 'GET') {
          cluster.looks += 1;
          return listSecrets(10, cluster.exp);
        }
        return cluster.refusesPods && path.endsWith('/pods') ? REFUSED : answerOf(method, path, body);
      });
      opened.use(api);
      const neighbour = await startNeighbour({ api: api.access, namespace: 'well-behaved' });
      opened.defer(() => neighbour.stop());
      cluster.exp = EXPIRED;
      await waitUntil('a harm', WITHIN_MS, () => neighbour.takeExperience().harms.length > 0);
      const recovering = (withinMs: number) => neighbour.recover(performance.now(), withinMs);
      const { looks } = cluster;
      const looked = () => waitUntil('two looks', WITHIN_MS, () => cluster.looks >= looks + 2);
      return { cluster, neighbour, recovering, looked };
    }

    it('expired tokens do not count until new ones came', async () => {
      await using opened = new AsyncDisposableStack();
      const { cluster, neighbour, recovering, looked } = await startExpired(opened);
      const recovered = recovering(WITHIN_MS);
      await looked();
      cluster.exp = VALID + 1;
      await recovered;
      await neighbour.settle();
      assert.deepEqual(neighbour.takeExperience().harms, []);
    });

    it('a pod that is refused counts before they came', async () => {
      await using opened = new AsyncDisposableStack();
      const { cluster, neighbour, recovering, looked } = await startExpired(opened);
      const recovered = recovering(WITHIN_MS);
      cluster.refusesPods = true;
      await looked();
      cluster.refusesPods = false;
      cluster.exp = VALID + 1;
      await recovered;
      assert.deepEqual(neighbour.takeExperience().harms, ['a pod was refused: 500 no webhook']);
    });

    it('that no token is renewed counts, and what stays expired', async () => {
      await using opened = new AsyncDisposableStack();
      const { neighbour, recovering } = await startExpired(opened);
      await recovering(1);
      const seen: string[] = [];
      await waitUntil('an expired token', WITHIN_MS, () => {
        seen.push(...neighbour.takeExperience().harms);
        return seen.includes('token-9 held an expired token');
      });
      assert.equal(seen[0], 'no token was renewed within 0.001 s of a new start');
    });
  });
});
