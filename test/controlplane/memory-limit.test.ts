import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { readImageStart } from './image-start.ts';
import { limitHeap, limitMemory } from './memory-limit.ts';
import { startReaper } from './reaper.ts';
import { runToEnd } from './run-to-end.ts';
import { waitUntil } from './wait-until.ts';

/** The reaper tries for 10 s. */
const GONE_WITHIN_MS = 20_000;

const BYTES = 64 * 2 ** 20;

const PROGRAM = `
  import { limitMemory } from ${JSON.stringify(join(import.meta.dirname, 'memory-limit.ts'))};
  const { means } = await limitMemory(${BYTES});
  console.log(means);
  setInterval(() => undefined, 1_000);
`;

/** Cgroups of a process that limits memory, in either version. */
function cgroupsOf(pid: number | undefined): readonly string[] {
  return globSync(`/sys/fs/cgroup/{,memory/}jwt-injector-test-${pid}-*`);
}

/** The expected number of cgroups: 0 if this user is not allowed to create one. */
function countExpected(means: string): number {
  return means.startsWith('cgroup') ? 1 : 0;
}

describe('a limit on memory', () => {
  for (const signal of ['SIGINT', 'SIGKILL'] as const) {
    it(`leaves no cgroup when its owner ends by ${signal}`, async (t) => {
      const owner = spawn(process.execPath, ['--input-type=module-typescript', `--eval=${PROGRAM}`]);
      t.after(() => owner.kill('SIGKILL'));
      const [means] = await once(owner.stdout.setEncoding('utf8'), 'data');
      assert.equal(cgroupsOf(owner.pid).length, countExpected(means));
      owner.kill(signal);
      await waitUntil('the cgroup to be gone', GONE_WITHIN_MS, () => cgroupsOf(owner.pid).length === 0);
    });
  }

  it('ends with its disposal, after the processes under it', async () => {
    const memory = await limitMemory(BYTES);
    assert.equal(cgroupsOf(process.pid).length, countExpected(memory.means));
    const [program, ...args] = memory.wrap(['/bin/true']);
    await once(spawn(program, args), 'exit');
    await memory[Symbol.asyncDispose]();
    assert.deepEqual(cgroupsOf(process.pid), []);
  });

  it('holds for the heap without the right to create a cgroup, whatever share the image gives to it', async () => {
    const { flags } = await readImageStart();
    const bytes = 8 * BYTES;
    const print = 'console.log(v8.getHeapStatistics().heap_size_limit)';
    const [, ...args] = limitHeap(bytes).wrap([process.execPath, ...flags, `--eval=${print}`]);
    const limit = Number((await runToEnd(args)).stdout);
    assert.ok(limit > bytes / 2 && limit < bytes, `${limit} bytes`);
  });

  it('names the process that uses it if one does not end', async (t) => {
    const memory = await limitMemory(BYTES);
    const [folder] = cgroupsOf(process.pid);
    if (folder === undefined) return assert.equal(countExpected(memory.means), 0);
    const [program, ...args] = memory.wrap(['sleep', '100']);
    const holder = spawn(program, args);
    const reaper = await startReaper();
    t.after(() => reaper.finish());
    if (holder.pid !== undefined) reaper.watch(holder.pid);
    reaper.remove(folder);
    const readPids = (): string => readFileSync(join(folder, 'cgroup.procs'), 'utf8');
    await waitUntil('a process in the cgroup', GONE_WITHIN_MS, () => readPids() !== '');
    await assert.rejects(
      async () => memory[Symbol.asyncDispose](),
      new Error(`${folder} could not be removed: it still has the processes ${holder.pid}`),
    );
  });
});
