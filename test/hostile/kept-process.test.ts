import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { isRunning } from '../controlplane/process-identity.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { keepProcess } from './kept-process.ts';

/** Longer than an end takes on a busy machine. */
const GRACE_MS = 30_000;

/** Runs until it gets a signal; at SIGTERM it executes `onTerm`, which is JavaScript. */
async function launch(onTerm: string) {
  const text = `process.on('SIGTERM', () => { ${onTerm} }); setInterval(() => {}, 1000); console.log('ready');`;
  const child = spawn(process.execPath, ['--eval', text], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit').then(([code]): number | null => code);
  await once(child.stdout, 'data');
  return {
    pid: child.pid ?? 0,
    httpPort: 0,
    output: () => 'its last words',
    kill: (signal: NodeJS.Signals) => void child.kill(signal),
    exited,
  };
}

describe('a process that is kept', { timeout: 60_000 }, () => {
  for (const [what, onTerm, problems, graceMs = GRACE_MS] of [
    ['ends well', 'process.exit(0)', []],
    ['ends with an error', 'process.exit(7)', ['SIGTERM ended it with exit code 7: its last words']],
    ['dies of a signal', 'process.kill(process.pid, "SIGKILL")', ['SIGTERM ended it with a signal']],
    ['is killed after its grace', '', ['SIGTERM had not ended it after 0.1 s'], 100],
  ] as const) {
    it(`${what} at SIGTERM`, async () => {
      const pids: number[] = [];
      const kept = keepProcess(async () => {
        const launched = await launch(onTerm);
        pids.push(launched.pid);
        return launched;
      }, graceMs);
      await kept.start();
      assert.deepEqual(await kept.stop(), problems);
      assert.deepEqual([pids.length, pids.some(isRunning)], [1, false]);
      assert.deepEqual(await kept.takeEnds(), []);
    });
  }

  it('stops without a problem when it was never started', async () => {
    const kept = keepProcess(() => launch(''), GRACE_MS);
    assert.deepEqual(await kept.stop(), []);
  });

  it('that ends again before it is ready is started again, and each end is reported', async () => {
    let [starts, pid] = [0, 0];
    const kept = keepProcess(
      async () => {
        starts += 1;
        if (starts === 2) throw new Error('the service ended with 1; it wrote:\nno room');
        const launched = await launch('process.exit(0)');
        ({ pid } = launched);
        return launched;
      },
      GRACE_MS,
      1,
    );
    await kept.start();
    process.kill(pid, 'SIGKILL');
    await waitUntil('the third start', GRACE_MS, () => starts === 3);
    assert.deepEqual(await kept.takeEnds(), [
      'killed: more memory than it has',
      'again before it was ready: no room',
    ]);
    assert.deepEqual(await kept.stop(), []);
  });

  it('that ends each time is given up after some starts', async () => {
    let [starts, pid] = [0, 0];
    const kept = keepProcess(
      async () => {
        starts += 1;
        if (starts > 1) throw new Error('no room');
        const launched = await launch('');
        ({ pid } = launched);
        return launched;
      },
      GRACE_MS,
      1,
    );
    await kept.start();
    process.kill(pid, 'SIGKILL');
    await waitUntil('the last start', GRACE_MS, () => starts === 6);
    assert.equal((await kept.takeEnds()).length, 6);
    assert.equal(kept.takePeakMemory(), 0);
  });
});
