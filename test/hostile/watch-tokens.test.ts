import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { waitUntil } from '../controlplane/wait-until.ts';
import { openUserApi } from '../integration/user-api.ts';
import { startScriptedApi, type ScriptedAnswer } from './scripted-api.ts';
import { listSecrets } from './fake-cluster.ts';
import { watchTokens } from './watch-tokens.ts';

const WITHIN_MS = 30_000;
const VALID = 9_999_999_999;
const EXPIRED = 1;
const JWTS = ['token-0', 'token-1', 'token-2'];

describe('the tokens of a neighbour', { timeout: 2 * WITHIN_MS, concurrency: true }, () => {
  /** A watch of valid tokens. The caller can change the answers of the cluster to later reads. */
  async function startWatch(opened: AsyncDisposableStack) {
    const cluster: { secrets: ScriptedAnswer | Promise<ScriptedAnswer>; looks: number } = {
      secrets: listSecrets(3, VALID),
      looks: 0,
    };
    const fake = opened.use(
      await startScriptedApi(() => {
        cluster.looks += 1;
        return cluster.secrets;
      }),
    );
    const api = await openUserApi(fake.access);
    opened.defer(() => api.close());
    const tokens = await watchTokens(api, 'well-behaved', JWTS);
    opened.defer(() => tokens.stop());
    return { cluster, tokens };
  }

  for (const [what, secrets, harm] of [
    ['all Secrets are gone', listSecrets(0), '3 of 3 Secrets have no token'],
    ['one token is gone', listSecrets(2), '1 of 3 Secrets have no token'],
  ] as const) {
    it(`are harmed if ${what}`, async () => {
      await using opened = new AsyncDisposableStack();
      const { cluster, tokens } = await startWatch(opened);
      const { looks } = cluster;
      await waitUntil('two looks', WITHIN_MS, () => cluster.looks >= looks + 2);
      assert.deepEqual(tokens.takeHarms(), []);
      cluster.secrets = secrets;
      const harms = await waitUntil('a harm', WITHIN_MS, () => {
        const all = tokens.takeHarms();
        return all.length > 0 && all;
      });
      assert.deepEqual(harms, [harm]);
    });
  }

  it('are known when a running look has settled', async () => {
    await using opened = new AsyncDisposableStack();
    const { cluster, tokens } = await startWatch(opened);
    const late = Promise.withResolvers<ScriptedAnswer>();
    cluster.secrets = late.promise;
    const { looks } = cluster;
    await waitUntil('a look that hangs', WITHIN_MS, () => cluster.looks > looks);
    const settled = tokens.settle();
    late.resolve(listSecrets(0));
    await settled;
    assert.deepEqual(tokens.takeHarms(), ['3 of 3 Secrets have no token']);
  });

  for (const [what, secrets, gap] of [
    [
      'nobody can look',
      { status: 403, body: { message: 'secrets is forbidden' } },
      /^Secrets could not be read: Error: 403 secrets is forbidden$/,
    ],
    ['nobody answers a look in time', new Promise<ScriptedAnswer>(() => {}), /AbortError/],
  ] as const) {
    it(`are not seen if ${what}, without a harm`, async () => {
      await using opened = new AsyncDisposableStack();
      const { cluster, tokens } = await startWatch(opened);
      cluster.secrets = secrets;
      const gaps = await waitUntil('a gap', WITHIN_MS, () => {
        const all = tokens.takeGaps();
        return all.length > 0 && all;
      });
      assert.match(gaps.join('\n'), gap);
      assert.deepEqual(tokens.takeHarms(), []);
    });
  }

  describe('after a new start of the service', { concurrency: true }, () => {
    async function startExpired(opened: AsyncDisposableStack) {
      const { cluster, tokens } = await startWatch(opened);
      cluster.secrets = listSecrets(3, EXPIRED);
      await waitUntil('a harm', WITHIN_MS, () => tokens.takeHarms().length > 0);
      return { cluster, tokens };
    }

    it('do not count as expired until new ones came', async () => {
      await using opened = new AsyncDisposableStack();
      const { cluster, tokens } = await startExpired(opened);
      const recovered = tokens.recover(performance.now(), WITHIN_MS);
      const { looks } = cluster;
      await waitUntil('two looks', WITHIN_MS, () => cluster.looks >= looks + 2);
      cluster.secrets = listSecrets(3, VALID + 1);
      await recovered;
      assert.deepEqual(tokens.takeHarms(), []);
    });

    it('count if none is renewed, and if they stay expired', async () => {
      await using opened = new AsyncDisposableStack();
      const { tokens } = await startExpired(opened);
      await tokens.recover(performance.now(), 1);
      const seen: string[] = [];
      await waitUntil('an expired token', WITHIN_MS, () => {
        seen.push(...tokens.takeHarms());
        return seen.includes('token-2 held an expired token');
      });
      assert.equal(seen[0], 'no token was renewed within 0.001 s of a new start');
    });
  });
});
