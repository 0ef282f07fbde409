import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { statusCommand } from '../../src/commands/status.ts';
import { runCommand } from './captured-io.ts';

describe('status', () => {
  for (const [args, says] of [
    [['-A', '-n', 'x'], /-A and -n exclude each other/],
    [['a', '-A'], /-A shows all JWTs, and a name is that of one namespace/],
    [['--exec', '--watch'], /use one of them/],
    [['jwt/'], /the name of a JWT is missing/],
    [['-o', 'table'], /-o must be json or yaml/],
    [['--follow'], /--follow/],
  ] as const) {
    it(`ends with exit code 2 and the ways to call it for wrong usage (${args.join(' ')})`, async () => {
      const { code, out, err } = await runCommand(statusCommand, args);
      assert.deepEqual([code, out], [2, '']);
      assert.match(err, says);
      assert.match(err, /Usage: jwt-injector status \[NAME…\]/);
    });
  }

  it('ends with exit code 3 for a cluster that does not exist', async () => {
    const { code, err } = await runCommand(statusCommand, ['--kubeconfig', '/nowhere']);
    assert.equal(code, 3);
    assert.match(err, /cannot read kubeconfig/);
  });
});
