import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { readImageStart } from '../controlplane/image-start.ts';
import { fitToContainer } from '../../src/process/container-heap.ts';

const ROOT = join(import.meta.dirname, '../..');
const MIB = 1024 ** 2;

describe('the memory of the service', () => {
  const percentage = '--max-old-space-size-percentage=70';
  const semiSpace = '--max-semi-space-size=4';
  const marking = '--concurrent-marking-max-worker-num=1';
  const phases = '--no-separate-gc-phases';
  const malloc = {
    MALLOC_ARENA_MAX: '1',
    MALLOC_MMAP_THRESHOLD_: '131072',
    MALLOC_TRIM_THRESHOLD_: '131072',
  };
  for (const { title, found, expected } of [
    {
      title: 'is fitted to a container',
      found: { limit: 512 * MIB, flags: ['--enable-source-maps'], env: { HOME: '/' } },
      expected: {
        flags: [percentage, semiSpace, marking, phases, '--enable-source-maps'],
        env: { HOME: '/', ...malloc },
      },
    },
    {
      title: 'is fitted without flags that a later V8 possibly lacks',
      found: { limit: 512 * MIB, flags: [], env: malloc, v8: '14.1.1' },
      expected: { flags: [percentage, semiSpace], env: malloc },
    },
    {
      title: 'is fitted in MiB by a Node that does not know the percentage',
      found: { limit: 512 * MIB, flags: [], env: malloc, node: '24.5.0' },
      expected: { flags: ['--max-old-space-size=358', semiSpace, marking, phases], env: malloc },
    },
    {
      title: 'is fitted once by such a Node',
      found: {
        limit: 512 * MIB,
        flags: ['--max-old-space-size=358', semiSpace, marking, phases],
        env: malloc,
        node: '24.5.0',
      },
      expected: undefined,
    },
    {
      title: 'is fitted by the percentage in the first release of a later Node',
      found: { limit: 512 * MIB, flags: [], env: malloc, node: '25.0.0' },
      expected: { flags: [percentage, semiSpace, marking, phases], env: malloc },
    },
    {
      title: 'is fitted once',
      found: { limit: 512 * MIB, flags: [percentage, semiSpace, marking, phases], env: malloc },
      expected: undefined,
    },
    {
      title: 'is fitted without the flag of the image that NODE_OPTIONS sets, too',
      found: {
        limit: 512 * MIB,
        flags: [percentage, semiSpace, marking, phases],
        env: { NODE_OPTIONS: '--max-old-space-size=300', ...malloc },
      },
      expected: {
        flags: [semiSpace, marking, phases],
        env: { NODE_OPTIONS: '--max-old-space-size=300', ...malloc },
      },
    },
    {
      title: 'leaves that flag out without a limit, too',
      found: {
        limit: 0,
        flags: [percentage, semiSpace],
        env: { NODE_OPTIONS: '--max-semi-space-size=16' },
      },
      expected: { flags: [percentage], env: { NODE_OPTIONS: '--max-semi-space-size=16' } },
    },
    {
      title: 'keeps the flags of the image without a limit',
      found: { limit: 0, flags: [percentage, semiSpace], env: {} },
      expected: undefined,
    },
    {
      title: 'stays as it is without a limit',
      found: { limit: 0, flags: [], env: {} },
      expected: undefined,
    },
    {
      title: 'stays unchanged if half of the memory is enough',
      found: { limit: 2 ** 63, flags: [], env: {} },
      expected: undefined,
    },
    {
      title: 'keeps the heap that a flag gives it',
      found: { limit: 512 * MIB, flags: ['--max-old-space-size=100'], env: {} },
      expected: { flags: [semiSpace, marking, phases, '--max-old-space-size=100'], env: malloc },
    },
    {
      title: 'keeps the heap in NODE_OPTIONS, and the settings for malloc',
      found: {
        limit: 512 * MIB,
        flags: ['--concurrent_marking_max_worker_num=2', '--separate-gc-phases'],
        env: { NODE_OPTIONS: '--max_heap_size=100 --max_semi_space_size=16', MALLOC_ARENA_MAX: '4' },
      },
      expected: undefined,
    },
  ]) {
    it(title, () => assert.deepEqual(fitToContainer({ node: '24.6.0', v8: '13.6.1', ...found }), expected));
  }

  it('is fitted from the start in the image', async () => {
    const { flags, env } = await readImageStart();
    const { node, v8 } = process.versions;
    assert.equal(fitToContainer({ limit: 512 * MIB, flags, env, node, v8 }), undefined);
    assert.equal(flags.length, 4);
  });

  it('is fitted by flags that the oldest Node which the Dockerfile takes knows', async () => {
    const { flags, env } = await readImageStart();
    const dockerfile = await readFile(join(ROOT, 'Dockerfile'), 'utf8');
    const [, major = '', minor = ''] = /Node (\d+) .*, \1\.(\d+) or newer/.exec(dockerfile) ?? [];
    const flagsOf = (minorOf: number): readonly string[] => {
      const node = `${major}.${minorOf}.0`;
      return fitToContainer({ limit: 512 * MIB, flags: [], env, node, v8: '13.6.1' })?.flags ?? [];
    };
    assert.deepEqual(flagsOf(Number(minor)), flags);
    assert.notDeepEqual(flagsOf(Number(minor) - 1), flags);
  });

  it('loses no signal that arrives before that restart', async () => {
    const limited = `data:text/javascript,${encodeURIComponent(`
      process.constrainedMemory = () => ${512 * MIB};
      const { execve } = process;
      process.execve = (...args) => {
        process.kill(process.pid, 'SIGTERM');
        execve.apply(process, args);
      };`)}`;
    const args = ['--import', limited, join(ROOT, 'src/main.ts'), 'run', '--workers=none'];
    const child = spawn(process.execPath, args, { stdio: 'ignore' });
    assert.deepEqual(await once(child, 'exit'), [null, 'SIGTERM']);
  });

  it('is fitted by a restart in the same process, once, with the same arguments', async () => {
    // Limits of a container are not available everywhere: Node's own value is replaced.
    const limited = `data:text/javascript,${encodeURIComponent(`
      process.constrainedMemory = () => ${512 * MIB};
      const fitted = process.execArgv.filter((flag) => flag === process.env.FITTING).length;
      process._rawDebug('start', process.pid, 'fitted', fitted);`)}`;
    const args = ['--import', limited, join(ROOT, 'src/main.ts'), 'run', '--workers=none'];
    const env = { ...process.env, FITTING: percentage };
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'], env });
    const [errors, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    const starts = [0, 1].map((times) => `start ${child.pid} fitted ${times}\n`);
    assert.ok(errors.startsWith(starts.join('')), errors);
    assert.match(errors.slice(starts.join('').length), /^error: --workers/);
    assert.equal(code, 2);
  });
});
