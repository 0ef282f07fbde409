import assert from 'node:assert/strict';
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { findProgram } from '../controlplane/choose-entry.ts';
import { writeKubeconfig } from '../controlplane/kubeconfig.ts';
import { makeDevCertificate } from '../server/dev-certificate.ts';

/** Eight processes start at once: on a busy machine that took half a minute. */
const WITHIN_MS = 140_000;
const ROOT = join(import.meta.dirname, '../..');

type Child = ChildProcessByStdio<null, Readable, null>;

/** How a process is started, and which process gets its signal. */
interface Place {
  readonly title: string;
  readonly wrapper: readonly string[];
  readonly pidOf: (child: Child) => Promise<number>;
}

const isRoot = process.getuid?.() === 0;
/**
 * A PID namespace needs root, or a kernel that allows user namespaces to all users; `unshare` fails
 * otherwise.
 */
const UNSHARE = isRoot
  ? ['unshare', '--pid', '--fork', '--kill-child']
  : ['unshare', '--user', '--map-root-user', '--pid', '--fork', '--kill-child'];

/** A process that crashes leaves no file behind. */
const WITHOUT_CORE = ['sh', '-c', 'ulimit -c 0; exec "$@"', 'sh'];

/**
 * `unshare` itself ignores signals. Its one child is process 1 in the namespace, for which the kernel has no
 * default actions.
 */
async function firstProcessOf({ pid = 0 }: Child): Promise<number> {
  return Number((await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim());
}

const PLACES: readonly Place[] = [
  { title: 'anywhere', wrapper: [], pidOf: async ({ pid = 0 }) => pid },
  // Other systems have no PID namespaces.
  ...(process.platform === 'linux'
    ? [{ title: 'as process 1 of a container', wrapper: UNSHARE, pidOf: firstProcessOf }]
    : []),
];

describe('a signal to `run`', { concurrency: true, timeout: 2 * WITHIN_MS }, () => {
  let folder: string;
  let flags: readonly string[];
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'jwt-injector-'));
    const { cert, key } = await makeDevCertificate();
    const file = (name: string): string => join(folder, name);
    await writeFile(file('tls.crt'), cert);
    await writeFile(file('tls.key'), key);
    // Nothing listens there.
    await writeKubeconfig(file('kubeconfig'), {
      url: 'https://127.0.0.1:1',
      ca: cert,
      user: 'pod',
      token: 'x',
    });
    flags = [
      `--kubeconfig=${file('kubeconfig')}`,
      '--webhook-address=127.0.0.1:0',
      '--http-address=127.0.0.1:0',
      `--tls-cert-file=${file('tls.crt')}`,
      `--tls-key-file=${file('tls.key')}`,
    ];
  });
  after(() => rm(folder, { recursive: true }));

  /**
   * Sends a signal at the first line of the log with this text; gives all texts, and how the process ended.
   */
  async function stopAt(
    text: string,
    { wrapper, pidOf }: Place,
    args: readonly string[],
    signal: NodeJS.Signals = 'SIGTERM',
  ) {
    const [program = '', ...rest] = [...WITHOUT_CORE, ...wrapper, process.execPath, ...args];
    const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'inherit'], cwd: ROOT });
    const overdue = setTimeout(() => child.kill('SIGKILL'), WITHIN_MS);
    const exited = once(child, 'exit');
    const texts: string[] = [];
    for await (const line of createInterface(child.stdout)) {
      texts.push((JSON.parse(line) as { msg: string }).msg);
      if (texts.at(-1) === text) process.kill(await pidOf(child), signal);
    }
    clearTimeout(overdue);
    return { texts, ended: await exited };
  }

  for (const place of PLACES) {
    for (const more of [[], ['--no-controller', '--no-namespace-default']]) {
      const mode = more.join(' ') || 'with both halves';
      it(`ends it during its start, ${place.title}, ${mode}`, async () => {
        const args = [await findProgram(), 'run', ...flags, ...more];
        const { texts, ended } = await stopAt('starting', place, args);
        assert.deepEqual([ended, texts.at(-1)], [[0, null], 'stopped']);
        assert.ok(texts.includes('stopping'));
      });
    }

    it(`ends it before it starts, ${place.title}`, async () => {
      const script = `
        import { COMMANDS } from './src/commands/all-commands.ts';
        COMMANDS.run.prepare();
        console.log('{"msg":"prepared"}');
        setInterval(() => {}, 1000);`;
      const { ended } = await stopAt('prepared', place, ['--input-type=module', '--eval', script]);
      assert.deepEqual(ended, [0, null]);
    });

    it(`leaves the end to the system where code of the processor failed, ${place.title}`, async () => {
      // Such a handler returns to what failed, so the process would never end. A trap is what compilers put where
      // a program must not come.
      const fault = `data:text/javascript,${encodeURIComponent(`
        import { setFlagsFromString } from 'node:v8';
        setFlagsFromString('--allow-natives-syntax');
        process.once('SIGHUP', () => {
          console.log(JSON.stringify({ msg: process.eventNames().filter((name) => /^SIG/.test(name)).join() }));
          new Function('%SystemBreak()')();
        });`)}`;
      const args = ['--import', fault, await findProgram(), 'run', ...flags];
      const { texts, ended } = await stopAt('listening: webhook', place, args, 'SIGHUP');
      assert.deepEqual(ended, [null, 'SIGTRAP']);
      const handled = texts.find((text) => text.includes('SIGTERM'))?.split(',');
      const faults = new Set(['SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGSEGV']);
      assert.deepEqual(
        handled?.filter((name) => faults.has(name)),
        [],
      );
    });
  }
});
