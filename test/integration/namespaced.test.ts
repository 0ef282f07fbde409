import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Cluster } from '../controlplane/cluster.ts';
import type { Stage } from '../controlplane/stage.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { wireJwt } from '../fixtures/jwts.ts';
import { NRP_KEY } from '../fixtures/keys.ts';
import { isAllowed } from './granted-rights.ts';
import { secretText, type Objects } from './objects.ts';
import { borrowTenantStage, type Tenant } from './tenant.ts';

/** All verbs for an object of the API. */
const VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'];

const ROLE = join(import.meta.dirname, '../../deploy/kustomize/namespaced/role.yaml');

describe('with --namespaces and Roles alone', { concurrency: false }, () => {
  let stage: Stage<Cluster>;
  let objects: Objects;
  let tenant: Tenant;
  before(async () => {
    ({ stage, objects, tenant } = await borrowTenantStage('namespaced', { withoutService: true }));
    await stage.cluster.createNamespace('biology');
    await stage.cluster.createNamespace('elsewhere');
    await stage.cluster.kubectl(['delete', 'clusterrolebinding', 'jwt-injector']);
    const role = await readFile(ROLE, 'utf8');
    for (const namespace of ['namespaced', 'biology']) {
      await stage.cluster.kubectl(['apply', '-n', namespace, '-f', '-'], { input: role });
    }
    await stage.startService({ args: ['--namespaces=namespaced,biology'] });
  });
  after(() => stage.stop());

  async function applyIn(namespace: string): Promise<void> {
    const { apiVersion, kind, spec } = wireJwt();
    await stage.cluster.apply(
      JSON.stringify({ apiVersion, kind, metadata: { name: 'my-jwt', namespace }, spec }),
    );
  }

  it('tokens of these namespaces are signed, those of others are not', async () => {
    await applyIn('elsewhere');
    await tenant.apply('my-jwt');
    await applyIn('biology');
    await objects.waitForCondition('namespaced', 'my-jwt', 'Ready', 'True');
    await objects.waitForCondition('biology', 'my-jwt', 'Ready', 'True');
    assert.equal(await objects.get('secrets', 'elsewhere', 'my-jwt'), undefined);
    assert.equal((await objects.get('jwts', 'elsewhere', 'my-jwt')).status, undefined);
  });

  it('a deleted Secret is created again, and a key of a namespace out of reach is reported like one without a grant', async () => {
    const token = await tenant.tokenOf('my-jwt');
    await stage.cluster.kubectl(['delete', 'secret', '-n', 'namespaced', 'my-jwt']);
    await tenant.waitForToken('my-jwt', (found) => found !== '' && found !== token);
    await tenant.apply('far-key', { key: { secret: { name: 'a', key: 'b', namespace: 'elsewhere' } } });
    await objects.waitForCondition('namespaced', 'far-key', 'KeyAvailable', 'False', 'KeyNotGranted');
  });

  it('the log says at the start that namespaces have no default, and no request was forbidden', async () => {
    await stage.service().waitForLog(({ msg }) => String(msg).includes('no default by namespace label'));
    assert.ok(!stage.service().output().includes('Forbidden'), stage.service().output());
    assert.notEqual(secretText(await objects.get('secrets', 'biology', 'my-jwt')), '');
  });

  it('--legacy-key-namespace is the namespace of a key without one; the grant is still needed', async () => {
    await stage.service().stop();
    const role = await readFile(ROLE, 'utf8');
    await stage.cluster.kubectl(['apply', '-n', 'elsewhere', '-f', '-'], { input: role });
    const metadata = { name: 'old-key', namespace: 'elsewhere' };
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { 'key.pem': NRP_KEY } };
    await stage.cluster.apply(JSON.stringify(secret));
    await tenant.apply('legacy-key', { key: { secret: { name: 'old-key', key: 'key.pem' } } });
    await stage.startService({
      args: ['--namespaces=namespaced,elsewhere', '--legacy-key-namespace=elsewhere'],
    });
    await objects.waitForCondition('namespaced', 'legacy-key', 'KeyAvailable', 'False', 'KeyNotGranted');
    const grant = 'tokens.osg-htc.org/allowed-namespaces=namespaced';
    await stage.cluster.kubectl(['annotate', 'secret', '-n', 'elsewhere', 'old-key', grant]);
    await objects.waitForCondition('namespaced', 'legacy-key', 'Ready', 'True', 'Signed');
  });

  it('a namespace that cannot be read delays no other, and its JWTs are served once it can be read', async () => {
    await stage.service().stop();
    await stage.cluster.createNamespace('closed');
    await applyIn('closed');
    await stage.startService({ args: ['--namespaces=closed,namespaced'] });
    await tenant.apply('beside-it');
    await objects.waitForCondition('namespaced', 'beside-it', 'Ready', 'True', 'Signed');
    await tenant.apply('key-there', { key: { secret: { name: 'a', key: 'b', namespace: 'closed' } } });
    await objects.waitForCondition('namespaced', 'key-there', 'Ready', 'False', 'WriteRefused');
    const { conditions } = (await objects.get('jwts', 'namespaced', 'key-there')).status;
    assert.match(JSON.stringify(conditions), /is not allowed to get secrets in namespace closed: ask an adm/);
    assert.match(
      JSON.stringify(conditions),
      /whether the key exists, and may be used here, is not known yet/,
    );
    assert.equal((await objects.get('jwts', 'closed', 'my-jwt')).status, undefined);
    const role = await readFile(ROLE, 'utf8');
    await stage.cluster.kubectl(['apply', '-n', 'closed', '-f', '-'], { input: role });
    await objects.waitForCondition('closed', 'my-jwt', 'Ready', 'True', 'Signed');
  });

  it('users with edit in a namespace can do everything with its JWTs except write their status; with view, nothing', async () => {
    const roles = ['edit', 'admin', 'view'] as const;
    for (const role of roles) {
      const whom = [`--clusterrole=${role}`, `--user=with-${role}`];
      await stage.cluster.kubectl(['create', 'rolebinding', role, ...whom, '-n', 'namespaced']);
    }
    const allowedWith = async (role: (typeof roles)[number], more: object = {}) => {
      const what = { namespace: 'namespaced', group: 'tokens.osg-htc.org', resource: 'jwts', ...more };
      const answers = await Promise.all(
        VERBS.map((verb) => isAllowed(stage.cluster, `with-${role}`, { ...what, verb })),
      );
      return VERBS.filter((_, index) => answers[index]);
    };
    // The controller that aggregates roles takes a moment.
    for (const role of ['edit', 'admin'] as const) {
      await waitUntil(`${role} to be aggregated`, 10_000, async () => (await allowedWith(role)).length > 0);
      assert.deepEqual(await allowedWith(role), VERBS, role);
    }
    assert.deepEqual(await allowedWith('view'), [], 'a JWT may hold a private key');
    for (const role of roles)
      assert.deepEqual(await allowedWith(role, { subresource: 'status' }), [], `${role}, status`);
  });
});
