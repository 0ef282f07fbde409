import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { runToEnd } from './run-to-end.ts';
import { waitUntilGone } from './running-processes.ts';
import { waitUntil } from './wait-until.ts';

const MAIN = join(import.meta.dirname, 'main.ts');

type Launch = { child: ChildProcess; output: () => string };

function launch(args: readonly string[]): Launch {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  return { child, output: () => output };
}

function waitFor({ child, output }: Launch, pattern: RegExp): Promise<RegExpExecArray> {
  return waitUntil(`${pattern.source} in the output`, 60_000, () => {
    assert.equal(child.exitCode, null, output());
    return pattern.exec(output()) ?? undefined;
  });
}

function readPids({ output }: Launch): number[] {
  return [...output().matchAll(/started \(pid (\d+)\)/g)].map(([, pid]) => Number(pid));
}

describe('npm run controlplane', () => {
  for (const [signal, exitCode] of [
    ['SIGINT', 0],
    ['SIGKILL', null],
  ] as const) {
    it(`leaves no process and no folder after ${signal}`, async () => {
      const launched = launch([]);
      const [, kubeconfig = ''] = await waitFor(launched, /export KUBECONFIG=(\S+)\n/);
      assert.match(launched.output(), /alias kubectl=\S+\/kubectl\n/);
      const pids = readPids(launched);
      assert.ok(pids.length >= 3, launched.output()); // one more for each port that was taken meanwhile
      launched.child.kill(signal);
      if (launched.child.exitCode === null) await once(launched.child, 'exit');
      assert.equal(launched.child.exitCode, exitCode);
      await waitUntilGone(pids);
      await waitUntil('the folder to be gone', 60_000, () => !existsSync(dirname(kubeconfig)));
    });
  }

  it('leaves no process after SIGTERM or SIGKILL in the middle of the start', async () => {
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      const launched = launch([]);
      await waitFor(launched, /kube-apiserver started/);
      launched.child.kill(signal);
      await once(launched.child, 'exit');
      await waitUntilGone(readPids(launched));
    }
  });

  it('explains itself', async () => {
    const { stdout, code } = await runToEnd([MAIN, '--help']);
    assert.match(stdout, /--build-only[^]*KUBEBUILDER_ASSETS[^]*Exit codes/);
    assert.equal(code, 0);
  });

  it('only builds when asked to, and prints the folder', async () => {
    const { stdout, stderr, code } = await runToEnd([MAIN, '--build-only']);
    assert.ok(existsSync(join(stdout.trimEnd(), 'kube-apiserver')), stdout);
    assert.equal(stderr, '');
    assert.equal(code, 0);
  });

  const refused: Readonly<Record<string, readonly [string[], RegExp]>> = {
    'an unknown option': [['--wrong'], /^error: Unknown option '--wrong'; see --help\n$/],
    'a version that is not a minor': [
      ['--emulated-version', '34'],
      /^error: --emulated-version is "34".* like 1\.34/,
    ],
  };
  for (const [name, [args, says]] of Object.entries(refused)) {
    it(`ends with 2 on ${name}`, async () => {
      const { stderr, code } = await runToEnd([MAIN, ...args]);
      assert.match(stderr, says);
      assert.equal(code, 2);
    });
  }

  it('ends with 3 and one line when something outside is missing', async () => {
    const { stderr, code } = await runToEnd([MAIN], { KUBEBUILDER_ASSETS: '/nowhere' });
    assert.match(stderr, /^error: KUBEBUILDER_ASSETS is \/nowhere, but there is no executable .*\n$/);
    assert.equal(code, 3);
  });
});
