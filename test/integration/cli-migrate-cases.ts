import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { parse } from 'yaml';
import { explainCommand } from '../../src/commands/explain.ts';
import { migrateCommand } from '../../src/commands/migrate.ts';
import { NRP_KEY } from '../fixtures/keys.ts';
import { leaveClusterScope, leaveOldObjects } from './cli-leftovers.ts';
import { runShell } from './cli-run.ts';
import { IN_SCIENCE, KEY, type World } from './cli-world.ts';
import type { Loose } from './objects.ts';

/** `migrate check` and its commands, while jwt-injector does not run; the CRD is made anew in the end. */
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

    it('finds everything that token-manager left, and its commands mend it', async () => {
      const { code, report } = await check('-A');
      assert.equal(code, 1);
      assert.deepEqual(find(report, 'fix'), [
        'Deployment operators/token-manager: LegacyOperatorActive',
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
        'JWT lab/clamped: KopfMarks',
        'JWT lab/clamped: RenewalClamped',
        'JWT lab/foreign: NeverRenewed',
        'JWT lab/taken: KeyInResource',
        'clusterkopfpeerings.kopf.dev default: KopfPeering',
      ]);
      const { out } = await world().admin.run(migrateCommand, 'check', '-A');
      assert.match(out, /^10 JWTs in all namespaces: 8 to mend, /m);
      const { out: inOne } = await world().admin.run(migrateCommand, 'check', '-n', 'lab');
      assert.doesNotMatch(inOne, /JWT (other|science)/);

      await runShell(world().stage.cluster, commandsOf(out));
      const mended = await check('-A');
      assert.deepEqual(find(mended.report, 'fix'), []);
      assert.deepEqual(find(mended.report, 'note'), [
        'JWT lab/clamped: KopfMarks',
        'JWT lab/clamped: NeverRenewed',
        'JWT lab/foreign: NeverRenewed',
      ]);
      assert.equal(mended.code, 0);
    });

    it('after it every JWT is signed, by the keys that token-manager used', async () => {
      await world().stage.startService();
      for (const name of ['config-map', 'foreign', 'omitted', 'taken', 'clamped']) {
        await world().objects.waitForCondition('lab', name, 'Ready', 'True', 'Signed');
      }
      await world().objects.waitForCondition('other', 'foreign', 'Ready', 'True', 'Signed');
      const { out } = await world().admin.run(migrateCommand, 'check', '-n', 'lab');
      assert.equal(out, '5 JWTs in namespace lab: all is well\n');
      await world().stage.service().stop();
    });

    it('the right that a token-manager needs for the way back is given as the docs say', async () => {
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
      assert.deepEqual([code, out], [0, 'This cluster knows no JWTs: there is nothing to take over.\n']);
      const { err } = await explain('jwt', 'ready');
      assert.match(err, /^error: this cluster has no namespaced JWTs: install the CRD/);
    });

    it('a Cluster-scoped CRD is exported, deleted and made anew in a namespace', async () => {
      await leaveClusterScope(world().stage.cluster);
      const { code, out } = await world().admin.run(migrateCommand, 'check', ...IN_SCIENCE);
      assert.equal(code, 1);
      assert.match(out, /^fix +ClusterScope +CRD jwts\.tokens\.osg-htc\.org/m);
      await runShell(world().stage.cluster, commandsOf(out));
      assert.equal((await check(...IN_SCIENCE)).code, 0);
      assert.equal((await world().objects.get('jwts', 'science', 'unplaced')).spec.keyId, 'my-jwt-key');
    });
  });
}

/** What is not a comment or a heading below the first heading, as somebody would copy it. */
function commandsOf(out: string): readonly string[] {
  const lines = out.slice(out.indexOf('To mend it')).split('\n');
  const file = ["cat > key.pem <<'KEY'", ...KEY.trim().split('\n'), 'KEY'];
  return [
    ...file,
    ...lines
      .filter((line) => /^(kubectl|helm) /.test(line))
      .map((line) => line.replace('KEYFILE', 'key.pem')),
  ];
}
