import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { commandPrinter } from '../../../src/commands/cluster/command-printer.ts';
import { moveKey } from '../../../src/commands/migrate/shell-commands.ts';
import { migrateCommand } from '../../../src/commands/migrate.ts';
import { execute } from '../../runs/execute.ts';
import { runCommand } from '../captured-io.ts';

describe('the command that moves a key', () => {
  const move = (source: string, next: string): string =>
    moveKey(commandPrinter({}), source, { namespace: 'n', name: 's', key: 'key.pem' }, next);

  /** A kubectl that records what it is asked to create, and fails on request. */
  async function run(command: string, createFails = false) {
    const shim = `kubectl() { cat > /dev/null; echo created; ${createFails ? 'return 1' : 'return 0'}; }`;
    const { stdout } = await execute('sh', ['-c', `${shim}\n${command}; echo "[$key]"`]);
    return stdout;
  }

  it('makes the Secret, then continues, and leaves no key behind in the shell', async () => {
    assert.equal(await run(move('echo KEY', 'echo next')), 'created\nnext\n[]\n');
  });

  it('stops after the first part that fails', async () => {
    assert.equal(await run(move('false', 'echo next')), '[]\n');
    assert.equal(await run(move('true', 'echo next')), '[]\n', 'there is no key');
    assert.equal(await run(move('echo KEY', 'echo next'), true), 'created\n[]\n');
  });
});

describe('migrate:', () => {
  const wrong = [
    [],
    ['run'],
    ['check', 'x'],
    ['check', '-A', '-n', 'x'],
    ['check', '-o', 'csv'],
    ['check', '--dry-run'],
    ['clean', 'x'],
    ['clean', '--legacy-key-namespace', 'x'],
  ];
  for (const args of wrong) {
    it(`wrong usage (${args.join(' ')}) ends with exit code 2 and the help`, async () => {
      const { code, out, err } = await runCommand(migrateCommand, args);
      assert.deepEqual([code, out], [2, '']);
      assert.match(err, /^error: .*\n\nUsage: jwt-injector migrate check/s);
    });
  }

  it('--help explains, with exit code 0', async () => {
    const { code, out } = await runCommand(migrateCommand, ['--help']);
    assert.equal(code, 0);
    assert.match(out, /^Usage: jwt-injector migrate check/);
  });
});
