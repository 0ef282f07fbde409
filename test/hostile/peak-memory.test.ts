import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { takePeakMemory } from './peak-memory.ts';

const PID = 7;

/** A folder in the place of `/proc`, with this status of one process, which resets its peak if `canReset`. */
async function fakeProc(opened: AsyncDisposableStack, status: string, canReset = true): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'peak-memory-'));
  opened.defer(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, `${PID}`, ...(canReset ? [] : ['clear_refs'])), { recursive: true });
  await writeFile(join(folder, `${PID}`, 'status'), status);
  return folder;
}

describe('the peak memory of a process', () => {
  it('is read in bytes, and reset', async () => {
    await using opened = new AsyncDisposableStack();
    const proc = await fakeProc(opened, 'State:\tS (sleeping)\nVmHWM:\t  2048 kB\n');
    assert.equal(takePeakMemory(PID, proc), 2 * 2 ** 20);
    assert.ok(takePeakMemory(process.pid) > 2 ** 20);
  });

  it('is 0 after the end of the process', async () => {
    await using opened = new AsyncDisposableStack();
    const proc = await fakeProc(opened, 'State:\tZ (zombie)\n');
    assert.equal(takePeakMemory(PID, proc), 0);
    assert.equal(takePeakMemory(PID + 1, proc), 0);
  });

  it('is an error if it is not known, or cannot be reset', async () => {
    await using opened = new AsyncDisposableStack();
    const silent = await fakeProc(opened, 'State:\tS (sleeping)\n');
    assert.throws(() => takePeakMemory(PID, silent), /no peak memory/);
    const kept = await fakeProc(opened, 'State:\tS (sleeping)\nVmHWM:\t  2048 kB\n', false);
    assert.throws(() => takePeakMemory(PID, kept), /EISDIR/);
  });
});
