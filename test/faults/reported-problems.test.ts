import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { allowedStatuses } from './allowed-statuses.ts';
import type { Violation } from './case-file.ts';
import { openFakeArena } from './fake-arena.ts';
import type { Character } from './fake-service.ts';
import { openGround } from './ground.ts';
import { REPORTED_PROBLEMS } from './reported-problems.ts';

/** Runs the fault in which the Secret is replaced by one of another type. */
async function replaceSecret(character: Character): Promise<readonly Violation[]> {
  await using arena = openFakeArena(character);
  const fault = 'secret-type-changed';
  const ground = await openGround(arena, 'space', true, allowedStatuses(fault));
  await REPORTED_PROBLEMS.find(({ name }) => name === fault)?.play(ground);
  await ground.close();
  return ground.violations;
}

describe('reported problems of the fault suite', { concurrency: true }, () => {
  it('pass with a service that reports a foreign Secret and leaves it alone', async () => {
    assert.deepEqual(await replaceSecret({}), []);
  });

  it('fail with one that writes into it once before', async () => {
    const found = (await replaceSecret({ trespasses: true })).map(
      ({ invariant, what }) => `${invariant} ${what}`,
    );
    assert.ok(found.includes('I5 a Secret that only a person can help was written'), found.join());
    assert.ok(
      found.some((each) => each.endsWith('the service wrote into a Secret that another user created')),
    );
  });
});
