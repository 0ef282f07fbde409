import assert from 'node:assert/strict';
import { it } from 'node:test';
import { makeFakeFighter } from './fake-fighter.ts';
import { makeFakeNeighbour, UNHARMED } from './fake-neighbour.ts';
import { leaveAlone } from './leave-alone.ts';
import type { Experience } from './neighbour.ts';

it('the fallback webhook is not alone at work before a pod got its token', { timeout: 60_000 }, async () => {
  // A pair of pods: the first is refused before a report, and the other one is created after it.
  const looks: Experience[] = [
    { ...UNHARMED, injected: 0, harms: ['a pod was refused: 500 no webhook'] },
    { ...UNHARMED, injected: 0 },
    UNHARMED,
  ];
  const neighbour = makeFakeNeighbour({
    takeExperience: () => looks.shift() ?? assert.fail('one look too many'),
  });
  const [main, fallback, otherLeader] = [makeFakeFighter(), makeFakeFighter(), makeFakeFighter()];
  await leaveAlone({ main, fallback, otherLeader }, neighbour);
  assert.deepEqual(looks, []);
});
