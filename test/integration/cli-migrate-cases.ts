import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { parse } from 'yaml';
import { explainCommand } from '../../src/commands/explain.ts';
import { migrateCommand } from '../../src/commands/migrate.ts';
import { NRP_KEY } from '../fixtures/keys.ts';
import { leaveClusterScope, leaveOldObjects } from './cli-leftovers.ts';
import { callWithRights, onJwts } from './call-with-rights.ts';
import { runShell } from './cli-run.ts';
import { IN_SCIENCE, KEY, type World } from './cli-world.ts';
import type { Loose } from './objects.ts';
import { FINALIZER } from './token-manager.ts';

/** `migrate check` and its commands, while jwt-injector is not running; the CRD is re-created at the end. */
export function describeMigrate(world: () => World): void {
  const explain = (...args: readonly string[]) => world().admin.run(explainCommand, ...args, ...IN_SCIENCE);

  describe('migrate check', () => {
    before(() => leaveOldObjects(world().stage.cluster, { key: KEY, inlineKey: NRP_KEY }));

    const check = async (...args: readonly string[]): Promise<{ code: number; report: Loose }> => {
      const { code, out } = await world().admin.run(migrateCommand, 'check', ...args, '-o', 'yaml');
      return { code, report: parse(out) };
    };
    const find = (report: Loose, level: string): readonly string[] =>
      report.findings
        .filter((finding: Loose) => finding.level === level)
        .map(({ object, reason }: Loose) => `${object}: ${reason}`)
        .toSorted();

    it('clean changes nothing while token-manager runs', async () => {
      const left = (await world().objects.get('jwts', 'lab', 'clamped')).metadata;
      const { code, out } = await world().admin.run(migrateCommand, 'clean', '-n', 'lab');
      assert.equal(code, 1);
      assert.match(out, /^nothing was changed: token-manager is still running$/m);
      assert.match(out, /^kubectl scale deployment token-manager -n operators --replicas=0$/m);
      const dry = await world().admin.run(migrateCommand, 'clean', '-A', '--dry-run', '-o', 'yaml');
      assert.equal(dry.code, 0);
      const [jwt, ...more] = parse(dry.out).jwts;
      assert.deepEqual([jwt.namespace, jwt.name, jwt.outcome, more], ['lab', 'clamped', 'found', []]);
      const inDefault = await world().admin.run(migrateCommand, 'clean', '-n', '', '--dry-run', '-o', 'yaml');
      assert.deepEqual(parse(inDefault.out).jwts, [], 'an empty namespace is not all of them');
      assert.equal(
        (await world().objects.get('jwts', 'lab', 'clamped')).metadata.resourceVersion,
        left.resourceVersion,
      );
    });

    it('finds all leftovers of token-manager, and its commands fix them', async () => {
      const { code, report } = await check('-A');
      assert.equal(code, 1);
      assert.deepEqual(find(report, 'fix'), [
        'Deployment operators/token-manager: TokenManagerRuns',
        'JWT lab/config-map: KeyUnreadable',
        'JWT lab/foreign: KeyNotGranted',
        'JWT lab/omitted: KeyNotFound',
        'JWT lab/taken: SecretConflict',
        'JWT other/foreign: KeyNotGranted',
        'JWT science/keyless: KeyNotFound',
        'JWT science/taken: SecretConflict',
      ]);
      const notes = find(report, 'note').filter((note) => !note.includes('science'));
      assert.deepEqual(notes, [
        'JWT lab/clamped: KeyInResource',
        'JWT lab/clamped: KopfLeftovers',
        'JWT lab/clamped: RenewalClamped',
        'JWT lab/foreign: NeverRenewed',
        'JWT lab/taken: KeyInResource',
        'clusterkopfpeerings.kopf.dev default: KopfPeering',
      ]);
      const { out } = await world().admin.run(migrateCommand, 'check', '-A');
      assert.match(out, /^10 JWTs in all namespaces: 8 to fix, /m);
      const { out: inOne } = await world().admin.run(migrateCommand, 'check', '-n', 'lab');
      assert.doesNotMatch(inOne, /JWT (other|science)/);

      await runShell(
        world().stage.cluster,
        commandsOf(out).filter((line) => !line.startsWith('jwt-injector')),
      );
      const fixed = await check('-A');
      assert.deepEqual(find(fixed.report, 'fix'), []);
      assert.deepEqual(find(fixed.report, 'note'), [
        'Deployment operators/token-manager: TokenManagerInstalled',
        'JWT lab/clamped: KopfLeftovers',
        'JWT lab/clamped: NeverRenewed',
        'JWT lab/foreign: NeverRenewed',
        'JWT science/keyless: KeyNamespace',
      ]);
      assert.equal(fixed.code, 0);
    });

    it('its last commands remove token-manager, and its leftovers on the JWTs', async () => {
      const { out } = await world().admin.run(migrateCommand, 'check', '-A');
      const commands = commandsOf(out);
      assert.deepEqual(commands.slice(-2), [
        'kubectl delete deployment token-manager -n operators',
        'jwt-injector migrate clean -n lab',
      ]);
      assert.match(await runShell(world().stage.cluster, commands), /^1 cleaned in namespace lab$/m);
      const { annotations = {}, finalizers = [] } = (await world().objects.get('jwts', 'lab', 'clamped'))
        .metadata;
      assert.deepEqual([annotations, finalizers], [{}, []]);
      const { code, out: again } = await world().admin.run(migrateCommand, 'clean', '-A');
      assert.deepEqual([code, again], [0, 'No JWT in all namespaces has anything left by token-manager.\n']);
      assert.deepEqual(find((await check('-A')).report, 'note'), [
        'JWT lab/clamped: NeverRenewed',
        'JWT lab/foreign: NeverRenewed',
      ]);
    });

    it('clean changes nothing until the last pod of token-manager has ended', async () => {
      const { stage, objects, science, admin } = world();
      await science.apply('left', {}, { finalizers: [FINALIZER] });
      await stage.cluster.kubectl(['create', '-f', '-'], { input: JSON.stringify(oldPod('operators')) });
      await stage.cluster.kubectl(['delete', 'pod', 'old', '-n', 'operators', '--wait=false']); // no kubelet ends it
      const { code, out } = await admin.run(migrateCommand, 'clean', '-n', 'science');
      assert.equal(code, 1);
      assert.match(out, /^nothing was changed: token-manager is still running$/m);
      assert.match(out, /^kubectl wait --for=delete pod\/old -n operators --timeout=120s$/m);
      assert.deepEqual((await objects.get('jwts', 'science', 'left')).metadata.finalizers, [FINALIZER]);
      await stage.cluster.kubectl(['delete', 'pod', 'old', '-n', 'operators', '--force', '--grace-period=0']);
      await runShell(stage.cluster, ['kubectl wait --for=delete pod/old -n operators --timeout=120s']);
      assert.equal((await admin.run(migrateCommand, 'clean', '-n', 'science')).code, 0);
      await objects.delete('jwts', { namespace: 'science', name: 'left' }); // later tests count them
    });

    it('clean only needs the rights that its help names', async () => {
      const { stage, objects, science, printed } = world();
      await science.apply('left', {}, { finalizers: [FINALIZER] });
      const cleaner = await callWithRights(
        stage.cluster,
        'science/cleaner',
        {
          here: [onJwts('list', 'get', 'patch')],
          everywhere: [
            { apiGroups: ['apps'], resources: ['deployments'], verbs: ['list'] },
            { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
          ],
        },
        printed,
      );
      const { code, out, err } = await cleaner.run(migrateCommand, 'clean');
      assert.deepEqual([code, err], [0, '']);
      assert.match(out, /^1 cleaned in namespace science$/m);
      assert.equal((await objects.get('jwts', 'science', 'left')).metadata.finalizers, undefined);
      await objects.delete('jwts', { namespace: 'science', name: 'left' }); // later tests count them
    });

    it('every JWT whose key was moved names the new place, so that the way back works', async () => {
      for (const { metadata, spec } of await world().objects.list('jwts', 'lab'))
        assert.ok(['lab', 'vault', 'default'].includes(spec.key.secret.namespace), metadata.name);
    });

    it('afterwards every JWT is signed, with the keys that token-manager used', async () => {
      await world().stage.startService();
      for (const name of ['config-map', 'foreign', 'omitted', 'taken', 'clamped']) {
        await world().objects.waitForCondition('lab', name, 'Ready', 'True', 'Signed');
      }
      await world().objects.waitForCondition('other', 'foreign', 'Ready', 'True', 'Signed');
      const { out } = await world().admin.run(migrateCommand, 'check', '-n', 'lab');
      assert.equal(out, '5 JWTs in namespace lab: nothing to fix\n');
      await world().stage.service().stop();
    });

    it('the documentation gives token-manager the right that it needs for the way back', async () => {
      const text = await readFile(join(import.meta.dirname, '../../docs/migration.md'), 'utf8');
      const start = text.indexOf('kubectl create clusterrole token-manager-status');
      const commands = text.slice(start, text.indexOf('\n\n', start)).replace('NS:', 'operators:');
      await runShell(world().stage.cluster, [commands]);
      const account = 'system:serviceaccount:operators:token-manager-service-account';
      const question = ['can-i', 'patch', 'jwts', '--subresource=status', '-n', 'lab', `--as=${account}`];
      assert.equal((await world().stage.cluster.kubectl(['auth', ...question])).stdout, 'yes\n');
    });

    it('a cluster without JWTs has nothing to take over', async () => {
      await world().stage.cluster.kubectl(['delete', 'crd', 'jwts.tokens.osg-htc.org']);
      const { code, out } = await world().admin.run(migrateCommand, 'check', '-A');
      assert.deepEqual(
        [code, out],
        [
          0,
          'This cluster has no JWT resource: there is nothing to take over.\nTo install jwt-injector, see docs/install.md of the checkout.\n',
        ],
      );
      const { err } = await explain('jwt', 'ready');
      assert.match(err, /^error: this cluster has no namespaced JWTs: install the CRD/);
    });

    it('a Cluster-scoped CRD is exported, deleted and re-created in a namespace', async () => {
      await leaveClusterScope(world().stage.cluster);
      const first = await world().admin.run(migrateCommand, 'check', ...IN_SCIENCE);
      assert.doesNotMatch(first.out, /delete crd/);
      await runShell(world().stage.cluster, commandsOf(first.out)); // what our CRD refuses in a new JWT
      const { code, out } = await world().admin.run(migrateCommand, 'check', ...IN_SCIENCE);
      assert.equal(code, 1);
      assert.match(out, /^fix +ClusterScope +CRD jwts\.tokens\.osg-htc\.org/m);
      const shown = await runShell(world().stage.cluster, [...commandsOf(out), 'ls -l jwts*.yaml']);
      assert.equal(shown.match(/^-rw------- .*jwts(-exported)?\.yaml$/gm)?.length, 2);
      assert.deepEqual(find((await check(...IN_SCIENCE)).report, 'fix'), [
        'JWT science/own-name: KeyNotFound', // in default, where token-manager read it
      ]);
      for (const name of ['unplaced', 'late', 'own-name'])
        assert.equal((await world().objects.get('jwts', 'science', name)).spec.keyId, 'my-jwt-key');
    });
  });
}

/** A pod of token-manager on some node: it is only gone when a kubelet has ended it. */
function oldPod(namespace: string) {
  const containers = [{ name: 'token-manager', image: 'opensciencegrid/token-manager' }];
  const serviceAccount = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'token-manager-service-account', namespace },
  };
  const spec = { serviceAccountName: serviceAccount.metadata.name, nodeName: 'node', containers };
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'old', namespace }, spec };
  return { apiVersion: 'v1', kind: 'List', items: [serviceAccount, pod] };
}

/** The commands below the headings, as a user would copy them. */
function commandsOf(out: string): readonly string[] {
  const lines = out.slice(out.search(/^(To fix it|Optional clean-up)/m)).split('\n');
  const file = ["cat > key.pem <<'KEY'", ...KEY.trim().split('\n'), 'KEY'];
  return [
    ...file,
    ...lines
      .filter((line) => /^(kubectl|helm|jwt-injector|test|\() ?/.test(line))
      .map((line) => line.replace('KEYFILE', 'key.pem')),
  ];
}
