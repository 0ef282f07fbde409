import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import { waitUntilGone } from '../controlplane/running-processes.ts';

/** Starts a program, which starts another one and prints the process ids of both. Neither ends by itself. */
const RUNNER = `
  import { spawn } from 'node:child_process';
  import { endWithUs } from ${JSON.stringify(new URL('./end-with-us.ts', import.meta.url).href)};
  const program = "console.log(process.pid, require('node:child_process').spawn('sleep', ['600']).pid)";
  const stdio = ['ignore', 'inherit', 'inherit'];
  endWithUs(spawn(process.execPath, ['--eval', program], { stdio, detached: true }));
`;

describe('a script that runs tests', () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`also ends the processes that it has started when ${signal} ends it`, async () => {
      const runner = spawn(process.execPath, ['--input-type=module', '--eval', RUNNER], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [line] = await once(createInterface(runner.stdout), 'line');
      runner.stdout.destroy(); // otherwise the output that was not read would keep this process running
      runner.kill(signal);
      await once(runner, 'exit');
      await waitUntilGone(String(line).split(' ').map(Number));
    });
  }
});
