import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { explainCommand } from '../../src/commands/explain.ts';
import { migrateCommand } from '../../src/commands/migrate.ts';
import { renewCommand } from '../../src/commands/renew.ts';
import { callAs, type Caller } from './cli-run.ts';
import type { World } from './cli-world.ts';

/** Output for a user who is allowed to read JWTs and pods of the namespace, and nothing else. */
export function describeRights(world: () => World): void {
  describe('a user who is not allowed to read Secrets', () => {
    let reader: Caller;
    before(async () => {
      reader = callAs(
        await world().stage.cluster.serviceAccountKubeconfig('science', 'reader'),
        world().printed,
      );
    });

    it('gets the state of a JWT, and a note about hidden data', async () => {
      const { code, out } = await reader.run(explainCommand, 'jwt', 'ready');
      assert.equal(code, 0);
      assert.match(out, /Ready \(Signed\)/);
      assert.match(
        out,
        /not known, because you are not allowed to read its Secret; according to its status it is renewed at .*, in 1[89] h/,
      );
      assert.match(
        out,
        /note: you are not allowed to read secrets in namespace science; what depends on it is taken from/,
      );
      assert.doesNotMatch(out, /storage\.read/);
    });

    it('gets a Deployment explained', async () => {
      const { out } = await reader.run(explainCommand, 'deployment', 'token-test');
      assert.match(
        out,
        /^ {2}ready +available +the JWT is Ready, .*; you are not allowed to read secrets in namespace science$/m,
      );
      assert.match(
        out,
        /note: you are not allowed to read namespaces science: it is not known whether its label names a default token/,
      );
    });

    it('cannot renew: one line says whom to ask', async () => {
      const { code, err } = await reader.run(renewCommand, 'ready');
      assert.equal(code, 3);
      assert.equal(
        err,
        'error: you are not allowed to change jwts in namespace science: ask an administrator of science for the role edit (kubectl auth can-i patch jwts -n science)\n',
      );
    });

    it('gets the checks of a migration that are possible', async () => {
      const { code, out } = await reader.run(migrateCommand, 'check');
      assert.equal(code, 0);
      assert.match(
        out,
        /^3 JWTs in namespace science: nothing to fix in what you are allowed to read, 2 remarks$/m,
      );
      assert.match(
        out,
        /^note: you are not allowed to read secrets in namespace science: these were not checked$/m,
      );
      const everywhere = await reader.run(migrateCommand, 'check', '-A');
      assert.equal(everywhere.code, 3);
      assert.match(
        everywhere.err,
        /^error: you are not allowed to list jwts\.? ?.*in all namespaces: ask an administrator of the cluster/,
      );
    });
  });
}
