import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { execute } from '../runs/execute.ts';

/** Loading takes a second. A process that still waits for something would not end at all. */
const ENDS_WITHIN_MS = 60_000;

const PROGRAM = `
  import { openScene } from ${JSON.stringify(join(import.meta.dirname, 'scene.ts'))};
  const cluster = { kubectl: async () => { throw new Error('nothing can be installed'); } };
  await openScene(cluster).catch(({ message }) => console.log(message));
`;

describe('a scene that cannot be opened', () => {
  it('leaves no balancer that listens and keeps the process running', async () => {
    const args = ['--input-type=module-typescript', `--eval=${PROGRAM}`];
    const { stdout } = await execute(process.execPath, args, { timeout: ENDS_WITHIN_MS });
    assert.equal(stdout, 'nothing can be installed\n');
  });
});
