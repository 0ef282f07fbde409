import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { isRunning } from './process-identity.ts';
import { startReaper } from './reaper.ts';
import { waitUntilGone } from './running-processes.ts';

function startSleeper(): number {
  const child = spawn('sleep', ['100'], { stdio: 'ignore' });
  child.unref();
  return child.pid ?? 0;
}

describe('the reaper', () => {
  it('kills what it watches, spares what it forgot, and removes paths with blanks', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'jwt-injector reaper '));
    await writeFile(join(folder, 'file'), '');
    const [watched, forgotten] = [startSleeper(), startSleeper()];
    t.after(() => process.kill(forgotten, 'SIGKILL'));
    const reaper = await startReaper();
    reaper.remove(folder);
    for (const pid of [watched, forgotten]) reaper.watch(pid);
    reaper.forget(forgotten);
    await reaper.finish();
    await waitUntilGone([watched]);
    assert.equal(isRunning(forgotten), true);
    assert.equal(existsSync(folder), false);
    await reaper.finish();
  });

  it('does its work when its owner ends by an uncaught exception', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'jwt-injector-reaper-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const victim = startSleeper();
    const owner = spawn(process.execPath, ['--input-type=module-typescript'], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    owner.stdin.end(`
      import { startReaper } from ${JSON.stringify(join(import.meta.dirname, 'reaper.ts'))};
      const reaper = await startReaper();
      reaper.watch(${victim});
      reaper.remove(${JSON.stringify(folder)});
      throw new Error('a bug');
    `);
    const [code] = await once(owner, 'exit');
    assert.equal(code, 1);
    await waitUntilGone([victim]);
  });
});
