import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { execute } from '../runs/execute.ts';
import { findGoTool } from './go-tool.ts';

const WORKFLOW = join(import.meta.dirname, '../../.github/workflows/ci.yml');
// Otherwise it would use these two on machines that have them.
const ALONE = ['-shellcheck=', '-pyflakes=', '-no-color'];
const MODULE = join(import.meta.dirname, 'actionlint');

/** The findings of actionlint about a file, as it prints them. */
async function lint(path: string): Promise<string> {
  const actionlint = await findGoTool(MODULE);
  try {
    return (await execute(actionlint, [...ALONE, path])).stdout;
  } catch (error) {
    if (error instanceof Error && 'stdout' in error && error.stdout !== '') return String(error.stdout);
    throw error;
  }
}

describe('the workflow of CI', () => {
  it('is accepted by actionlint', async () => {
    assert.equal(await lint(WORKFLOW), '');
  });

  it('would be refused with a mistake in it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'jwt-injector-actionlint-'));
    try {
      const wrong = join(folder, 'wrong.yml');
      await writeFile(wrong, 'on: push\njobs:\n  ci:\n    runs-on: ubuntu-24.04\n    step: []\n');
      assert.match(await lint(wrong), /unexpected key "step"/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('names the missing program if actionlint cannot be built', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'jwt-injector-no-go-'));
    try {
      await assert.rejects(
        findGoTool(MODULE, { PATH: folder, JWT_INJECTOR_CACHE: folder }),
        /cannot build actionlint: there is no go on PATH\. Install Go 1\.26/,
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
