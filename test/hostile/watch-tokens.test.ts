import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
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
    [
      'nobody can look',
      { status: 403, body: { message: 'secrets is forbidden' } },
      'Secrets could not be read: Error: 403 secrets is forbidden',
    ],
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

  it('are late from half their life on, until a new one was stored', async () => {
    await using opened = new AsyncDisposableStack();
    const { cluster, tokens } = await startWatch(opened);
    const now = Math.floor(Date.now() / 1000);
    cluster.secrets = listSecrets(3, now + 20); // due for ten seconds, and not renewed
    const pending = await waitUntil('lateness', WITHIN_MS, () => tokens.takeLateness() || undefined);
    assert.ok(pending >= 10_000 && pending < 20_000, `${pending} ms`);
    cluster.secrets = listSecrets(3, VALID, new Date((now - 3) * 1000)); // the look is later than the write
    const { looks } = cluster;
    await waitUntil('a look at the new one', WITHIN_MS, () => cluster.looks >= looks + 2);
    tokens.takeLateness(); // of the looks before
    await waitUntil('two more looks', WITHIN_MS, () => cluster.looks >= looks + 4);
    assert.equal(tokens.takeLateness(), 0);
  });

  it('that were due while nobody could renew them are late only from then on', async () => {
    await using opened = new AsyncDisposableStack();
    const { cluster, tokens } = await startWatch(opened);
    cluster.secrets = listSecrets(3, Math.floor(Date.now() / 1000) + 20);
    await waitUntil('lateness', WITHIN_MS, () => tokens.takeLateness() > 0);
    tokens.forget();
    const { looks } = cluster;
    await waitUntil('two looks', WITHIN_MS, () => cluster.looks >= looks + 2);
    const lateness = tokens.takeLateness();
    assert.ok(lateness < 9_000, `${lateness} ms`);
  });

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

  it('are harmed if nobody answers a look in time', async () => {
    await using opened = new AsyncDisposableStack();
    const { cluster, tokens } = await startWatch(opened);
    cluster.secrets = new Promise(() => {});
    const harms = await waitUntil('a harm', WITHIN_MS, () => {
      const all = tokens.takeHarms();
      return all.length > 0 && all;
    });
    assert.match(harms.join('\n'), /^Secrets could not be read: AbortError[^\n]*$/);
  });

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

    it('are not new if they were stored before it, and are only seen after it', async () => {
      await using opened = new AsyncDisposableStack();
      const { cluster, tokens } = await startExpired(opened);
      cluster.secrets = listSecrets(3, VALID + 1, new Date(Date.now() - 5_000));
      await tokens.recover(performance.now(), 1_500);
      assert.deepEqual(tokens.takeHarms(), ['no token was renewed within 1.5 s of a new start']);
    });

    it('are new if they were stored in its second, of which the API server notes no parts', async () => {
      await using opened = new AsyncDisposableStack();
      const { cluster, tokens } = await startExpired(opened);
      const second = Math.floor(Date.now() / 1_000) * 1_000;
      const since = performance.now() + second + 999 - Date.now();
      const recovered = tokens.recover(since, 2_000);
      await sleep(since - performance.now());
      cluster.secrets = listSecrets(3, VALID + 1, new Date(second));
      await recovered;
      assert.deepEqual(tokens.takeHarms(), []);
    });

    it('are not new if they were seen before it', async () => {
      await using opened = new AsyncDisposableStack();
      const { cluster, tokens } = await startExpired(opened);
      cluster.secrets = listSecrets(3, VALID + 1, new Date(Date.now() + WITHIN_MS));
      const { looks } = cluster;
      await waitUntil('two looks', WITHIN_MS, () => cluster.looks >= looks + 2);
      await tokens.recover(performance.now(), 1);
      assert.deepEqual(tokens.takeHarms(), ['no token was renewed within 0.001 s of a new start']);
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
