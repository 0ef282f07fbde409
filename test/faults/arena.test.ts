import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { execute } from '../runs/execute.ts';

/** Loading takes a second. A process that still waits for something would not end at all. */
const ENDS_WITHIN_MS = 60_000;

describe('an arena that cannot be opened', () => {
  it('leaves nothing that keeps the process running: no listening proxy, no observer, no connection', async () => {
    const program = join(import.meta.dirname, 'arena-without-leader.ts');
    const { stdout } = await execute(process.execPath, [program], { timeout: ENDS_WITHIN_MS });
    assert.equal(stdout, 'the service was lost\n');
  });
});
