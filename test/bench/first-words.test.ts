import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { describe, it } from 'node:test';
import { waitForFirstWords } from './first-words.ts';
import { end } from './measured-service.ts';

const run = (text: string) =>
  spawn(process.execPath, ['--eval', text], { stdio: ['ignore', 'pipe', 'inherit'] });

describe('a process that a benchmark starts', { timeout: 60_000 }, () => {
  it('is ready when it says something', async () => {
    const child = run("console.log('ready'); setInterval(() => {}, 1000)");
    await waitForFirstWords(child, 'the peer');
    await end(child);
  });

  it('is not waited for after it has ended', async () => {
    await assert.rejects(
      waitForFirstWords(run('process.exit(3)'), 'the peer'),
      /the peer ended at its start \(code 3\)/,
    );
  });
});
