import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { HOSTILE_PODS, reviewHostilePods } from './hostile-reviews.ts';

/** Megabytes: parsing the largest of the pods needs 40, and Node itself 10. */
const HEAP = 96;

describe('reviews cost memory in proportion to their bytes:', () => {
  it(`${Object.keys(HOSTILE_PODS).length} hostile pods, and Deployments of them, fit a heap of ${HEAP} MB`, () => {
    const script = `import { ${reviewHostilePods.name} } from ${JSON.stringify(join(import.meta.dirname, 'hostile-reviews.ts'))}; ${reviewHostilePods.name}();`;
    const args = [`--max-old-space-size=${HEAP}`, '--input-type=module', '--eval', script];
    const { status, stderr } = spawnSync(process.execPath, args, { timeout: 120_000 });
    assert.equal(status, 0, stderr.toString().slice(0, 1000));
  });
});
