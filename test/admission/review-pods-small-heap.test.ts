import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { HOSTILE_PODS, LARGE_PODS, reviewHostilePods } from './hostile-reviews.ts';

/** Megabytes: parsing the largest of the pods needs 40, and Node itself 10. */
const HEAP = 96;
/**
 * Milliseconds of CPU for a pod in three reviews, each of them in one turn, in which the service answers nobody else. The
 * slowest needs a third of it.
 */
const MAX_MS = 1_500;

describe('reviews cost memory and time in proportion to their bytes:', () => {
  const script = `import { ${reviewHostilePods.name} } from ${JSON.stringify(join(import.meta.dirname, 'hostile-reviews.ts'))}; console.log(JSON.stringify(${reviewHostilePods.name}()));`;
  const args = [`--max-old-space-size=${HEAP}`, '--input-type=module', '--eval', script];

  it(`${Object.keys({ ...HOSTILE_PODS, ...LARGE_PODS }).length} large and hostile pods, and Deployments of them, fit a heap of ${HEAP} MB and take little time`, () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { timeout: 240_000 });
    assert.equal(status, 0, stderr.toString().slice(0, 1000));
    const took: unknown = JSON.parse(stdout.toString());
    const slow = Object.entries(Object(took)).filter(([, ms]) => Number(ms) > MAX_MS);
    assert.deepEqual(slow, []);
  });
});
