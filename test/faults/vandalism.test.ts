import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { IMPATIENT, openFakeArena } from './fake-arena.ts';
import { openGround } from './ground.ts';
import { VANDALISM } from './vandalism.ts';

describe('vandalism of the fault suite', { concurrency: true }, () => {
  for (const { name, play } of VANDALISM) {
    it(`${name}: a service that repairs nothing fails`, async () => {
      await using arena = openFakeArena({ repairs: false }, {}, IMPATIENT);
      await assert.rejects(play(await openGround(arena, 'space', true)), /not within .*fixed after/);
    });

    it(`${name}: a service that repairs it passes`, async () => {
      await using arena = openFakeArena();
      const ground = await openGround(arena, 'space', true);
      await play(ground);
      await ground.close();
      assert.deepEqual(ground.violations, []);
    });
  }
});
