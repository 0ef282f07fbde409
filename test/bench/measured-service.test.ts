import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { startMeasured } from './measured-service.ts';

const GIVEN_UP_WITHIN_MS = 30_000;

describe('a measured service', { timeout: 2 * GIVEN_UP_WITHIN_MS }, () => {
  it('that does not get ready ends, with that as the error', async () => {
    await using opened = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), 'jwt-injector-'));
    opened.defer(async () => rm(folder, { recursive: true }));
    const entry = join(folder, 'never-ready.mjs');
    await writeFile(entry, 'setInterval(() => {}, 1_000);');
    const adopted: number[] = [];
    const forgotten: number[] = [];
    const adopt = (pid: number) => {
      adopted.push(pid);
      return () => void forgotten.push(pid);
    };
    // What is adopted ends with its cluster: here, when the test ends.
    opened.defer(() => adopted.filter((pid) => !forgotten.includes(pid)).forEach((pid) => process.kill(pid)));
    const options = { args: [], logFile: join(folder, 'log'), cluster: { adopt }, entry, readyWithinMs: 200 };
    await assert.rejects(startMeasured(options), new Error('the service was not ready within 0.2 s'));
    assert.deepEqual([adopted.length, forgotten], [1, adopted]);
    assert.throws(() => process.kill(adopted[0] ?? 0, 0), { code: 'ESRCH' });
  });
});
