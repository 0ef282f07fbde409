import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { findHeapFlags } from '../../src/service/container-heap.ts';

const ROOT = join(import.meta.dirname, '../..');
const MIB = 1024 ** 2;

describe('the heap of the service', () => {
  const flags = ['--max-old-space-size-percentage=70'];
  for (const { title, found, expected } of [
    {
      title: 'is sized to a container',
      found: { limit: 512 * MIB, flags: ['--enable-source-maps'], nodeOptions: undefined },
      expected: flags,
    },
    {
      title: 'stays as it is without a limit',
      found: { limit: 0, flags: [], nodeOptions: undefined },
      expected: undefined,
    },
    {
      title: 'stays as it is where half of the memory is plenty',
      found: { limit: 2 ** 63, flags: [], nodeOptions: undefined },
      expected: undefined,
    },
    {
      title: 'stays as a flag says',
      found: { limit: 512 * MIB, flags: ['--max-old-space-size=100'], nodeOptions: undefined },
      expected: undefined,
    },
    {
      title: 'stays as NODE_OPTIONS says',
      found: { limit: 512 * MIB, flags: [], nodeOptions: '--max_heap_size=100 --no-warnings' },
      expected: undefined,
    },
  ]) {
    it(title, () => assert.deepEqual(findHeapFlags(found), expected));
  }

  it('is sized by beginning again in the same process, once, with the same arguments', async () => {
    // A container's limit cannot be had everywhere: what Node says of it is replaced.
    const limited = `data:text/javascript,process.constrainedMemory = () => ${512 * MIB}`;
    const args = ['--import', limited, join(ROOT, 'src/main.ts'), 'run', '--workers=none'];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr.pause();
    const commandLine = await seen(`/proc/${child.pid}/cmdline`, flags[0] ?? '');
    assert.equal(commandLine.split(flags[0] ?? '').length, 2);
    const [errors, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    assert.match(errors, /--workers/);
    assert.equal(code, 2);
  });
});

/** The file once it holds the word. A process that ended has an empty command line until it is waited for. */
async function seen(file: string, word: string): Promise<string> {
  for (;;) {
    const found = await readFile(file, 'utf8');
    if (found.includes(word)) return found;
  }
}
