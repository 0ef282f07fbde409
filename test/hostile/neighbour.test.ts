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
const REFUSAL = 'a pod was refused: 500 no webhook';

describe('the well-behaved neighbour', { timeout: 2 * WITHIN_MS }, () => {
  /** An unharmed neighbour, and a cluster that can refuse pods and have expired tokens. */
  async function start(opened: AsyncDisposableStack) {
    const cluster = { exp: VALID, refusesPods: false, refusals: 0, looks: 0 };
    const api = await startScriptedApi((method, path, body) => {
      if (method === 'GET') {
        cluster.looks += 1;
        return listSecrets(10, cluster.exp);
      }
      const isRefused = cluster.refusesPods && path.endsWith('/pods');
      if (isRefused) cluster.refusals += 1;
      return isRefused ? REFUSED : answerOf(method, path, body);
    });
    opened.use(api);
    const neighbour = await startNeighbour({ api: api.access, namespace: 'well-behaved' });
    opened.defer(() => neighbour.stop());
    return { cluster, neighbour };
  }

  it('is harmed by refused pods and by expired tokens', async () => {
    await using opened = new AsyncDisposableStack();
    const { cluster, neighbour } = await start(opened);
    await waitUntil('a pod', WITHIN_MS, () => neighbour.takeExperience().injected > 0);
    assert.deepEqual(neighbour.takeExperience().harms, []);
    [cluster.refusesPods, cluster.exp] = [true, EXPIRED];
    const seen: string[] = [];
    await waitUntil('both harms', WITHIN_MS, () => {
      seen.push(...neighbour.takeExperience().harms);
      return seen.includes(REFUSAL) && seen.includes('token-9 held an expired token');
    });
  });

  it('is harmed by a pod that is refused after a new start, before new tokens came', async () => {
    await using opened = new AsyncDisposableStack();
    const { cluster, neighbour } = await start(opened);
    cluster.exp = EXPIRED;
    await waitUntil('a harm', WITHIN_MS, () => neighbour.takeExperience().harms.length > 0);
    const recovered = neighbour.recover(performance.now(), WITHIN_MS);
    cluster.refusesPods = true;
    const { looks } = cluster;
    await waitUntil('two looks, and a refusal', WITHIN_MS, () => {
      return cluster.looks >= looks + 2 && cluster.refusals > 0;
    });
    cluster.refusesPods = false;
    cluster.exp = VALID + 1;
    await recovered;
    await neighbour.settle();
    assert.deepEqual(neighbour.takeExperience().harms, [REFUSAL]);
  });
});
