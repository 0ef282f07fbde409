import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { rotateCommand } from '../../src/commands/rotate.ts';
import type { Cluster } from '../controlplane/cluster.ts';
import type { Stage } from '../controlplane/stage.ts';
import { makeKey, toPem } from '../fixtures/keys.ts';
import { callAs } from './cli-run.ts';
import type { Loose, Objects } from './objects.ts';
import { borrowTenantStage, type Tenant } from './tenant.ts';

const NAMESPACE = 'rotate-applied';
/** The key as a file names it. */
const OLD = { key: { secret: { name: 'my-key', key: 'key.pem' } } };

/** The API server decides which manager owns which field after a change. */
describe('rotate of a JWT that is applied', { concurrency: false }, () => {
  let stage: Stage<Cluster>;
  let objects: Objects;
  let tenant: Tenant;
  before(async () => {
    ({ stage, objects, tenant } = await borrowTenantStage(NAMESPACE));
  });
  after(() => stage.stop());

  const rotate = async (...args: readonly string[]): Promise<Loose> => {
    const admin = callAs(stage.cluster.adminKubeconfig, []);
    const { out } = await admin.run(rotateCommand, 'declared', '-n', NAMESPACE, '-o', 'json', ...args);
    return JSON.parse(out);
  };

  it('detects whether the server-side apply names the new key, or restored the old one', async () => {
    await tenant.applySecret('my-key', { 'key.pem': toPem(makeKey('ES256')) });
    await tenant.apply('declared', OLD);
    await objects.waitForCondition(NAMESPACE, 'declared', 'Ready', 'True', 'Signed');
    const { spec } = await objects.get('jwts', NAMESPACE, 'declared');
    const begun = await rotate('--force');
    assert.equal(begun.step, 'keep-old');
    const [, wanted = '{}'] =
      /^first change what \S+ applies .* Write into its spec: (.*)$/.exec(begun.notes[0]) ?? [];

    await tenant.apply('declared', OLD);
    const reverted = await rotate();
    assert.deepEqual([reverted.step, reverted.oldKeyId], ['reverted', spec.keyId]);

    await tenant.apply('declared', JSON.parse(wanted));
    await objects.waitFor('jwts', NAMESPACE, 'declared', (jwt) => jwt.status.keyId === begun.newKeyId);
    const { step, notes } = await rotate();
    assert.equal(step, 'keep-old');
    assert.ok(!notes.some((note: string) => note.includes('spec')), notes.join());
  });
});
