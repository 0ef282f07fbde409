import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { runToEnd } from '../controlplane/run-to-end.ts';
import { waitUntilGone } from '../controlplane/running-processes.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { diffLines } from '../../src/commands/output/diff-lines.ts';
import { formatWhen } from '../demo/token-words.ts';

const MAIN = join(import.meta.dirname, '../demo/main.ts');

/** On two idle cores, a control plane starts, or a token is renewed, in a quarter of this time. */
const SAID_WITHIN_MS = 180_000;
/** The time after Ctrl-C after which the process is killed. */
const ENDS_WITHIN_MS = 60_000;

describe('npm run demo', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'jwt-demo-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('explains itself', async () => {
    const { stdout, stderr, code } = await runToEnd([MAIN, '--help']);
    assert.match(stdout, /^Usage: npm run demo[^]*--once[^]*KUBEBUILDER_ASSETS[^]*Exit codes: 0/);
    assert.deepEqual([stderr, code], ['', 0]);
  });

  for (const args of [['--wrong'], ['--once', 'twice']]) {
    it(`ends with 2 on ${args.join(' ')}`, async () => {
      const { stdout, stderr, code } = await runToEnd([MAIN, ...args]);
      assert.match(stderr, /^error: Un(known option '--wrong'|expected argument 'twice'); see .* --help\n$/);
      assert.deepEqual([stdout, code], ['', 2]);
    });
  }

  const missing = {
    'the programs of KUBEBUILDER_ASSETS': [
      { KUBEBUILDER_ASSETS: '/nowhere' },
      /KUBEBUILDER_ASSETS.*unset it/,
    ],
    openssl: [{ PATH: '/nowhere' }, /openssl cannot be run.*apt-get install openssl/],
  } as const;
  for (const [what, [environment, says]] of Object.entries(missing)) {
    it(`ends with 3 and one line when ${what} cannot be found`, async () => {
      const { stderr, code } = await runToEnd([MAIN, '--once'], environment);
      assert.match(stderr, says);
      assert.match(stderr, /^error: .*\n$/);
      assert.equal(code, 3);
    });
  }

  it('ends with 1 and names the step, what was expected and what was found, if one fails', async () => {
    // The environment variable of a flag makes the service refuse to start.
    const { stderr, code } = await runToEnd([MAIN, '--once'], { JWT_INJECTOR_WORKERS: '0' });
    assert.match(
      stderr,
      /^\n✗ Step 2\/\d failed: .*jwt-injector.*\n {3}expected: .*\n {3}found: .*ended with 2/,
    );
    assert.match(stderr, /--workers must be a whole number/);
    assert.equal(code, 1);
  });

  const moments = {
    'while the control plane starts': ['kube-apiserver started', 2],
    'while the renewal is waited for': ['first token:', 4],
  } as const;
  for (const [when, [line, processes]] of Object.entries(moments)) {
    it(`Ctrl-C ${when} leaves no process and no folder`, async (test) => {
      const env = { ...process.env, TMPDIR: folder };
      // A process group of its own, as in a terminal: Ctrl-C reaches both the demo and the service.
      const demo = spawn(process.execPath, [MAIN], { stdio: 'pipe', detached: true, env });
      test.after(() => interrupt(demo)); // also when this test fails: otherwise the demo and this process would never end
      const output = collectOutput(demo);
      await waitUntil(`"${line}" in the output`, SAID_WITHIN_MS, () => {
        assert.equal(demo.exitCode, null, output());
        return output().includes(line);
      });
      const pids = [...output().matchAll(/started \(pid (\d+)\)/g)].map(([, pid]) => Number(pid));
      assert.ok(pids.length >= processes, output()); // more if they were started meanwhile, or their port was taken
      await interrupt(demo);
      assert.equal(demo.exitCode, 130, output());
      assert.match(output(), /\nInterrupted: stopping everything\.\n$/);
      await waitUntilGone(pids);
      await waitUntil('the folder to be gone', 60_000, async () => {
        const left = await readdir(folder);
        return !left.some((name) => name.startsWith('jwt-injector-'));
      });
    });
  }
});

describe('the output of the demo', () => {
  it('the difference of two texts is the added and removed lines', () => {
    const shown = diffLines('a\nb\nc\n', 'a\nx\nc\nd\n').map(({ sign, text: line }) => sign + line);
    assert.deepEqual(shown, [' a', '-b', '+x', ' c', '+d']);
  });

  it('a time is written in words', () => {
    const now = Date.UTC(2026, 0, 2, 3, 4, 5);
    assert.equal(formatWhen(now + 86_400_000, now), '2026-01-03 03:04:05 UTC, in 24 h 00 min');
    assert.equal(formatWhen(now - 65_000, now), '2026-01-02 03:03:00 UTC, 1 min 05 s ago');
    assert.equal(formatWhen(now + 30_400, now), '2026-01-02 03:04:35 UTC, in 30 s');
  });
});

/**
 * Sends the signal of Ctrl-C in a terminal; resolves when the demo has ended. Does nothing if it has ended
 * already.
 */
async function interrupt(demo: ChildProcess): Promise<void> {
  if (demo.exitCode !== null || demo.signalCode !== null) return;
  const group = -Number(demo.pid);
  const ended = once(demo, 'close'); // after its exit its last words can still be on their way
  process.kill(group, 'SIGINT');
  const patience = setTimeout(() => process.kill(group, 'SIGKILL'), ENDS_WITHIN_MS);
  await ended;
  clearTimeout(patience);
}

function collectOutput(child: ChildProcess): () => string {
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  return () => output;
}
