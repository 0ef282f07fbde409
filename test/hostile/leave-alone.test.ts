import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeFakeFighter } from './fake-fighter.ts';
import { makeFakeNeighbour, UNHARMED } from './fake-neighbour.ts';
import { leaveAlone } from './leave-alone.ts';
import type { Experience } from './neighbour.ts';

const REFUSED: Experience = { ...UNHARMED, injected: 0, harms: ['a pod was refused: 500 no webhook'] };

describe(
  'the fallback webhook, when the first container ends,',
  { timeout: 60_000, concurrency: true },
  () => {
    /** The harms of the row if the neighbour has these experiences, and then always the last one. */
    async function harmsOf(
      ...experiences: readonly [Experience, ...Experience[]]
    ): Promise<readonly string[]> {
      const left = [...experiences];
      const last = experiences.at(-1) ?? UNHARMED;
      const neighbour = makeFakeNeighbour({ takeExperience: () => left.shift() ?? last });
      const [main, fallback, otherLeader] = [makeFakeFighter(), makeFakeFighter(), makeFakeFighter()];
      return (await leaveAlone({ main, fallback, otherLeader }, neighbour)).harms;
    }

    it('holds if it answers soon', async () => {
      assert.deepEqual(await harmsOf(UNHARMED, REFUSED, { ...UNHARMED, injected: 0 }, UNHARMED), []);
    });

    it('is harmed if it refuses a pod after the first one', async () => {
      const harms = await harmsOf(UNHARMED, UNHARMED, REFUSED);
      assert.deepEqual(harms, [...REFUSED.harms, 'no pod was created with its token']);
    });

    it('is harmed if it refuses all of them for a while', async () => {
      const harms = await harmsOf(UNHARMED, REFUSED);
      assert.ok(harms.includes('no pod was created with its token within 5 s'), harms.join('\n'));
    });

    it('does not hide what happened before', async () => {
      assert.deepEqual(await harmsOf(REFUSED, UNHARMED), REFUSED.harms);
    });
  },
);
