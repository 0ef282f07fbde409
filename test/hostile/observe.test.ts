import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ATTACKS } from './catalogue.ts';
import { makeFakeFighter } from './fake-fighter.ts';
import type { Experience, Neighbour } from './neighbour.ts';
import { launchAlone, observe } from './observe.ts';

const UNHARMED: Experience = { longestMs: 1, longestPlainMs: 1, pods: 1, harms: [] };
const ROW = { name: 'row', title: 'a row' };

function fakeNeighbour(changes: Partial<Neighbour> = {}): Neighbour {
  return {
    takeExperience: () => UNHARMED,
    forget: () => undefined,
    settle: () => Promise.resolve(),
    recover: () => Promise.resolve(),
    stop: () => Promise.resolve(),
    ...changes,
  };
}

it('an attack that was not made is a harm, though nobody suffered', { timeout: 60_000 }, async () => {
  const attack = ATTACKS.find(({ name }) => name === 'restless') ?? assert.fail('no such attack');
  const observed = { neighbour: fakeNeighbour(), victim: makeFakeFighter(), prefix: '' };
  const api = { adminKubeconfig: '/nowhere/kubeconfig', url: 'https://127.0.0.1:1', ca: '' };
  const target = { webhookPort: 1, httpPort: 1, api, namespace: 'nobody', isAlone: true, scale: 0.01 };
  const { harms } = await observe(observed, attack, () => launchAlone(attack, target));
  assert.match(harms.join('\n'), /^the attack restless was not made: could not be made: .*ENOENT[^\n]*$/);
});

it('what came after the row before is a harm, too', { timeout: 60_000 }, async () => {
  const ends = ['exit code 1: between two rows'];
  const victim = makeFakeFighter({ takeEnds: () => Promise.resolve(ends.splice(0)) });
  const observed = { neighbour: fakeNeighbour(), victim, prefix: '' };
  const { harms } = await observe(observed, ROW, () => Promise.resolve({ answers: '', harms: [] }));
  assert.deepEqual(harms, ['the service ended (exit code 1: between two rows)']);
});

it('a pod that is being created when a row ends counts for it', { timeout: 60_000 }, async () => {
  let hasSettled = false;
  const neighbour = fakeNeighbour({
    settle: () => {
      hasSettled = true;
      return Promise.resolve();
    },
    takeExperience: () => (hasSettled ? { ...UNHARMED, harms: ['a pod was refused'] } : UNHARMED),
  });
  const observed = { neighbour, victim: makeFakeFighter(), prefix: '' };
  const { harms } = await observe(observed, ROW, () => Promise.resolve({ answers: '', harms: [] }));
  assert.deepEqual(harms, ['a pod was refused']);
});
