import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeClient } from '../../src/kube/client.ts';
import type { Cluster } from '../controlplane/cluster.ts';
import type { Stage } from '../controlplane/stage.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { makeKey, toPem } from '../fixtures/keys.ts';
import { openAdminClient } from './admin-client.ts';
import type { Objects } from './objects.ts';
import { borrowTenantStage, type Tenant } from './tenant.ts';
import { startTokenManager, type TokenManager } from './token-manager.ts';

describe('taking over beside a running token-manager', { concurrency: false }, () => {
  const key = makeKey('ES256');
  const NAMES = Array.from({ length: 12 }, (_, index) => `beside-${index}`);
  let stage: Stage<Cluster>;
  let objects: Objects;
  let tenant: Tenant;
  let client: KubeClient;
  let manager: TokenManager;
  before(async () => {
    ({ stage, objects, tenant } = await borrowTenantStage('beside', { withoutService: true }));
    await tenant.applySecret('the-key', { 'key.pem': toPem(key) });
    const ofKey = { secret: { name: 'the-key', key: 'key.pem', namespace: 'beside' } };
    for (const name of NAMES) await tenant.apply(name, { key: ofKey });
    client = openAdminClient(stage.cluster);
    manager = startTokenManager(client, 'beside', key);
    await waitUntil('token-manager to be done', 60_000, async () => {
      const jwts = await objects.list('jwts', 'beside');
      return jwts.every(({ metadata }) =>
        Object.keys(metadata.annotations ?? {}).some((name) => name.startsWith('kopf.zalando.org/')),
      );
    });
  });
  after(async () => {
    await manager.stop();
    await client.close();
    await stage.stop();
  });

  const versions = async (): Promise<Record<string, string>> =>
    Object.fromEntries(
      (await objects.list('secrets', 'beside')).map(({ metadata }) => [
        metadata.name,
        metadata.resourceVersion,
      ]),
    );

  it('neither of them writes a Secret at the take-over or at a restart', async () => {
    const left = await versions();
    const signatures = new Map(manager.signatures);
    for (let start = 0; start < 2; start += 1) {
      const service = await stage.startService();
      for (const name of NAMES)
        await objects.waitForCondition('beside', name, 'Ready', 'True', 'LegacyToken');
      await service.waitForLog(({ msg }) => msg === 'every JWT was looked at');
      await sleep(2_000); // token-manager looks ten times a second
      await service.stop();
    }
    assert.deepEqual(await versions(), left);
    assert.deepEqual(manager.signatures, signatures);
  });

  it('a deleted JWT is left to token-manager', async () => {
    await stage.startService();
    await stage.cluster.kubectl(['delete', 'jwt', '-n', 'beside', 'beside-0', '--wait=false']);
    await objects.waitForGone('jwts', 'beside', 'beside-0');
    // jwt-injector would do it after ten seconds; then token-manager could not release anything any more.
    await waitUntil('its release by token-manager', 60_000, () => manager.released.has('beside-0'));
  });
});
