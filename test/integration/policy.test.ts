import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Cluster } from '../controlplane/cluster.ts';
import type { Stage } from '../controlplane/stage.ts';
import { wireJwt } from '../fixtures/jwts.ts';
import { NRP_KEY } from '../fixtures/keys.ts';
import { explainCommand } from '../../src/commands/explain.ts';
import { renewCommand } from '../../src/commands/renew.ts';
import { runCommand } from '../commands/captured-io.ts';
import type { Objects } from './objects.ts';
import { borrowTenantStage, type Tenant } from './tenant.ts';

const NAMESPACE = 'with-policy';
const { issuer: ISSUER, data: DATA } = wireJwt().spec;
const POLICY = [
  '--forbid-inline-keys',
  '--max-lifetime=24h',
  '--min-lifetime=1h',
  `--allowed-issuers=https://first.example.org,${ISSUER}`,
];
const NOT_ALLOWED = /this cluster does not allow the issuer \(compared byte for byte\): correct spec\.issuer/;
const IN_A_SECRET = { key: { secret: { name: 'my-key', key: 'key.pem' } } };

describe('a policy for JWTs', { concurrency: false }, () => {
  let stage: Stage<Cluster>;
  let objects: Objects;
  let tenant: Tenant;
  before(async () => {
    ({ stage, objects, tenant } = await borrowTenantStage(NAMESPACE));
    await tenant.applySecret('my-key', { 'key.pem': NRP_KEY });
    await tenant.apply('before');
    await tenant.waitForToken('before', (token) => token !== '');
    await stage.service().stop();
    await tenant.apply('while-down', { expiryTime: { days: 2 }, ...IN_A_SECRET });
    await tenant.apply('of-another', { issuer: `${ISSUER}other`, ...IN_A_SECRET });
    const data = { ...DATA, iss: `${ISSUER}other` };
    await tenant.apply('of-another-in-data', { data, ...IN_A_SECRET });
    await stage.startService({ args: POLICY });
  });
  after(() => stage.stop());

  /** The message of kubectl about a JWT that is refused. */
  const refusalOf = async (changes: Record<string, unknown>): Promise<string> => {
    const { apiVersion, kind, spec } = wireJwt(changes);
    const metadata = { name: 'refused', namespace: NAMESPACE };
    const { code, stderr } = await stage.cluster.kubectl(['create', '-f', '-'], {
      input: JSON.stringify({ apiVersion, kind, metadata, spec }),
      allowFailure: true,
    });
    assert.notEqual(code, 0);
    return stderr;
  };

  it('is enforced by the webhook', async () => {
    assert.match(
      await refusalOf({ expiryTime: { minutes: 30 }, resignBefore: undefined }),
      /spec\.key\.value is forbidden in this cluster.*; spec\.expiryTime \(30 min\) must be at least 1 h/,
    );
  });

  it('allows only some issuers, whether spec.issuer or spec.data.iss has that of the token', async () => {
    const other = 'https://other.example.org/';
    assert.match(await refusalOf({ issuer: other, ...IN_A_SECRET }), NOT_ALLOWED);
    assert.match(await refusalOf({ data: { ...DATA, iss: other }, ...IN_A_SECRET }), NOT_ALLOWED);
    for (const name of ['of-another', 'of-another-in-data']) {
      await objects.waitForCondition(NAMESPACE, name, 'PolicyDenied', 'True', 'PolicyDenied');
      const ready = await objects.waitForCondition(NAMESPACE, name, 'Ready', 'False', 'PolicyDenied');
      assert.match(ready.message, NOT_ALLOWED);
      assert.equal(await objects.get('secrets', NAMESPACE, name), undefined);
    }
  });

  it('also works if the webhook was down: nothing is signed, and the condition says why', async () => {
    await objects.waitForCondition(NAMESPACE, 'while-down', 'PolicyDenied', 'True', 'PolicyDenied');
    const ready = await objects.waitForCondition(NAMESPACE, 'while-down', 'Ready', 'False', 'PolicyDenied');
    assert.match(ready.message, /spec\.expiryTime \(2 d\) must be at most 1 d/);
    assert.equal(await objects.get('secrets', NAMESPACE, 'while-down'), undefined);
  });

  it('is used by explain: from the condition, or from the flags of the service', async () => {
    const explain = (name: string, ...flags: readonly string[]) => {
      const place = ['-n', NAMESPACE, `--kubeconfig=${stage.cluster.adminKubeconfig}`];
      return runCommand(explainCommand, ['jwt', name, ...place, '-o', 'json', ...flags]);
    };
    const nextOf = async (...args: Parameters<typeof explain>) =>
      JSON.parse((await explain(...args)).out).next;
    const { action, reason, problem } = await nextOf('while-down');
    assert.deepEqual([action, reason], ['report', 'PolicyDenied']);
    assert.match(problem, /spec\.expiryTime \(2 d\) must be at most 1 d/);
    assert.notEqual((await nextOf('while-down', '--max-lifetime=72h')).reason, 'PolicyDenied');
    assert.equal((await nextOf('while-down', '--max-lifetime=1h')).reason, 'PolicyDenied');
  });

  it('does not change an existing token, and signs no other one, even on request', async () => {
    await objects.waitForCondition(NAMESPACE, 'before', 'PolicyDenied', 'True');
    await objects.waitForCondition(NAMESPACE, 'before', 'Ready', 'True', 'Signed');
    const token = await tenant.tokenOf('before');
    const place = ['-n', NAMESPACE, `--kubeconfig=${stage.cluster.adminKubeconfig}`];
    const renewed = await runCommand(renewCommand, ['before', ...place]);
    assert.deepEqual([renewed.code, renewed.out], [1, '']);
    assert.match(renewed.err, /^error: .*spec\.key\.value is forbidden in this cluster/m);
    await tenant.apply('allowed', IN_A_SECRET);
    await objects.waitForCondition(NAMESPACE, 'allowed', 'Ready', 'True', 'Signed');
    assert.equal(await tenant.tokenOf('before'), token);
  });

  it('ends when its flags are removed: waiting tokens are signed', async () => {
    await stage.service().stop();
    await stage.startService();
    await objects.waitForCondition(NAMESPACE, 'while-down', 'Ready', 'True', 'Signed');
    const status = await objects.waitFor('jwts', NAMESPACE, 'while-down', (jwt) =>
      jwt.status.conditions.every(({ type }: { readonly type: string }) => type !== 'PolicyDenied'),
    );
    assert.ok(status !== undefined);
  });
});
