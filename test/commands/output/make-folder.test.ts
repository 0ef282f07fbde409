import assert from 'node:assert/strict';
import { mkdtempDisposable, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { makeFolder } from '../../../src/commands/output/make-folder.ts';
import { execute } from '../../runs/execute.ts';

const MAIN = join(import.meta.dirname, '../../../src/main.ts');
/** Declares a test for which `/proc` is needed: only Linux has it. */
function itWithProc(title: string, test: () => Promise<void>): void {
  if (process.platform === 'linux') it(title, test);
}
/** Node's own `mkdir` never ended there. */
const DEADLINE_MS = 30_000;

describe('makeFolder', () => {
  it('makes a folder with its parents, and says which it made', async () => {
    await using home = await mkdtempDisposable(join(tmpdir(), 'jwt-folder-'));
    const inner = join(home.path, 'a/b/c');
    assert.deepEqual(await makeFolder(inner), [join(home.path, 'a'), join(home.path, 'a/b'), inner]);
    assert.ok((await stat(inner)).isDirectory());
    assert.deepEqual(await makeFolder(inner), []);
  });

  it('takes one that is there by another name', async () => {
    await using home = await mkdtempDisposable(join(tmpdir(), 'jwt-folder-'));
    await symlink(home.path, join(home.path, 'link'));
    assert.deepEqual(await makeFolder(join(home.path, 'link')), []);
    assert.deepEqual(await makeFolder('.'), []);
    assert.deepEqual(await makeFolder('/'), []);
  });

  it('refuses a place below a file', async () => {
    await using home = await mkdtempDisposable(join(tmpdir(), 'jwt-folder-'));
    await writeFile(join(home.path, 'file'), '');
    await assert.rejects(makeFolder(join(home.path, 'file/x')), { code: 'ENOTDIR' });
  });

  for (const args of [
    ['keygen', 'a', '--issuer', 'https://i.example', '--dir', '/proc/x/y'],
    ['jwks', '-f', '-', '--issuer', 'https://i.example', '--dir', '/proc/x'],
  ]) {
    itWithProc(`ends where a file system has no place for a new folder: ${args[0]}`, async () => {
      const started = execute(process.execPath, [MAIN, ...args], { timeout: DEADLINE_MS });
      started.child.stdin?.end(
        JSON.stringify({ kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA', kid: 'a', alg: 'ES256' }),
      );
      await assert.rejects(started, (error: { code?: unknown; stderr?: unknown }) => {
        assert.equal(error.code, 3, JSON.stringify(error));
        assert.match(
          String(error.stderr),
          /^error: cannot write \/proc\/x\/.*: there is no folder for it, and none can be made there\n$/,
        );
        return true;
      });
    });
  }
});
