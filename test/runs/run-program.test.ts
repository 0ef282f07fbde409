import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runProgram } from './run-program.ts';

const EVAL = { program: process.execPath, silentForMs: 60_000 } as const;

/** Starts a process that outlives it, prints its process id, and ends. */
const LEAVES_ONE = `
  const stdio = ['ignore', 'inherit', 'inherit'];
  const left = require('node:child_process').spawn('sleep', ['600'], { stdio, detached: true });
  console.log(left.pid);
  process.exit(0);`;

describe('a program that is run', { timeout: 240_000 }, () => {
  it('gives its output, and whether it ended with 0', async () => {
    const args = ['--eval', 'console.log("out"); console.error("err")'];
    const { hasPassed, output } = await runProgram({ ...EVAL, args });
    assert.equal(hasPassed, true);
    assert.deepEqual(output.split('\n').toSorted(), ['err', 'out']);
    const failed = await runProgram({ ...EVAL, args: ['--eval', 'process.exit(3)'] });
    assert.deepEqual([failed.hasPassed, failed.output], [false, '']);
  });

  it('has failed if it leaves a process that keeps its output open, without waiting for that', async () => {
    const { hasPassed, output } = await runProgram({ ...EVAL, args: ['--eval', LEAVES_ONE] });
    const [pid, ...words] = output.split('\n');
    process.kill(Number(pid), 'SIGKILL');
    assert.deepEqual(words, ['A process that it left behind still holds its output.']);
    assert.equal(hasPassed, false);
  });

  it('is killed when it is silent for long, with its output so far', async () => {
    const args = ['--eval', 'console.log("begun"); setInterval(() => {}, 1000)'];
    const { hasPassed, output } = await runProgram({ ...EVAL, args, silentForMs: 6_000 });
    assert.equal(output, 'begun\nIt said nothing for 6 s, and was killed.');
    assert.equal(hasPassed, false);
  });

  it('is not killed while it prints something', async () => {
    const args = [
      '--eval',
      'let n = 0; const t = setInterval(() => ++n < 16 ? console.log(n) : clearInterval(t), 500)',
    ];
    const { hasPassed } = await runProgram({ ...EVAL, args, silentForMs: 6_000 });
    assert.equal(hasPassed, true);
  });

  it('that does not exist fails with the reason', async () => {
    await assert.rejects(runProgram({ ...EVAL, program: '/nowhere/program', args: [] }), /ENOENT/);
  });
});
