import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inOrder, kubectl, quoteShell, shellCommand } from '../../src/resources/shell-words.ts';
import { execute } from '../runs/execute.ts';

const STRANGE = ["a'b", '$(x) `y` "z"', 'a b\nc', '', '{"a":1}', String.raw`\.`, '*', '~', 'a;b', '!!', '#'];

/** The words of a command as the shell passes them on. */
async function split(command: string): Promise<readonly string[]> {
  const shim = String.raw`kubectl() { printf '%s\0' "$@"; }`;
  const { stdout } = await execute('sh', ['-c', `${shim}\n${command}`]);
  return stdout.split('\0').slice(0, -1);
}

describe('a printed command', () => {
  it('keeps each word for any content', async () => {
    assert.deepEqual(await split(kubectl(...STRANGE)), STRANGE);
  });

  it('made of several runs none after one that fails', async () => {
    const { stdout } = await execute('sh', ['-c', `${inOrder('echo a', 'false', 'echo b')} || echo failed`]);
    assert.equal(stdout, 'a\nfailed\n');
  });

  it('has no quotes if none are needed', () => {
    assert.equal(kubectl('get', 'jwt', 'a.b-c', '-n', 'x'), 'kubectl get jwt a.b-c -n x');
    assert.equal(
      shellCommand('jwt-injector', ['rotate', 'a', '--dir', 'my site']),
      "jwt-injector rotate a --dir 'my site'",
    );
    assert.equal(quoteShell('site/'), 'site/');
  });
});
