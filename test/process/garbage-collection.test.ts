import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { execute } from '../runs/execute.ts';

const SOURCE = pathToFileURL(join(import.meta.dirname, '../../src/process/garbage-collection.ts')).href;

/** Makes many small objects that stay, so that each collection of new objects has to copy many. */
const WORK = `
  const kept = [];
  for (let index = 0; index < 400_000; index += 1) kept.push({ index, more: [index] });
`;

/**
 * Milliseconds that threads other than the main one spent on collections of new objects, in a process of its
 * own.
 */
async function helpWith(script: string): Promise<number> {
  const args = ['--trace-gc', '--trace-gc-nvp', '--input-type=module', '--eval', script];
  const { stdout, stderr } = await execute(process.execPath, args, { maxBuffer: 64 * 1024 ** 2 });
  assert.equal(stderr, ''); // it would name flags that V8 does not have
  const times = [...stdout.matchAll(/ background\.scavenge\.parallel=([\d.]+)/g)].map(([, time]) =>
    Number(time),
  );
  assert.ok(times.length > 2, stdout);
  return times.reduce((sum, time) => sum + time, 0);
}

describe('the pauses of the garbage collector', () => {
  it('wait for no other thread', async () => {
    assert.ok(
      (await helpWith(WORK)) > 0,
      'V8 uses no such threads by itself any more: the flag can be removed',
    );
    assert.equal(await helpWith(`import { shortenPauses } from '${SOURCE}'; shortenPauses(); ${WORK}`), 0);
  });
});
