import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ATTACKS } from './catalogue.ts';
import { makeFakeFighter } from './fake-fighter.ts';
import { makeFakeNeighbour, UNHARMED } from './fake-neighbour.ts';
import type { Experience } from './neighbour.ts';
import { launchAlone, observe } from './observe.ts';

const ROW = { name: 'row', title: 'a row' };

it('an attack that was not made is a harm, even without any damage', { timeout: 60_000 }, async () => {
  const attack = ATTACKS.find(({ name }) => name === 'restless') ?? assert.fail('no such attack');
  const observed = { neighbour: makeFakeNeighbour(), victim: makeFakeFighter(), prefix: '' };
  const api = { adminKubeconfig: '/nowhere/kubeconfig', url: 'https://127.0.0.1:1', ca: '' };
  const target = { webhookPort: 1, httpPort: 1, api, namespace: 'nobody', isAlone: true, scale: 0.01 };
  const { harms } = await observe(observed, attack, () => launchAlone(attack, target));
  assert.match(harms.join('\n'), /^the attack restless was not made: could not be made: .*ENOENT[^\n]*$/);
});

it('harm after the row before counts, too', { timeout: 60_000 }, async () => {
  const ends = ['exit code 1: between two rows'];
  const victim = makeFakeFighter({ takeEnds: () => Promise.resolve(ends.splice(0)) });
  const observed = { neighbour: makeFakeNeighbour(), victim, prefix: '' };
  const { harms } = await observe(observed, ROW, () => Promise.resolve({ answers: '', harms: [] }));
  assert.deepEqual(harms, ['the service ended (exit code 1: between two rows)']);
});

it('a renewal that was late is a harm, though no token had expired', { timeout: 60_000 }, async () => {
  const takeExperience = (): Experience => ({ ...UNHARMED, latestMs: 5_100 });
  const neighbour = makeFakeNeighbour({ takeExperience });
  const observed = { neighbour, victim: makeFakeFighter(), prefix: '' };
  const { harms, latestMs } = await observe(observed, ROW, () => Promise.resolve({ answers: '', harms: [] }));
  assert.deepEqual([latestMs, harms], [5_100, ['a token was renewed 5.1 s late']]);
});

it('a pod that is being created when a row ends counts for that row', { timeout: 60_000 }, async () => {
  let hasSettled = false;
  const neighbour = makeFakeNeighbour({
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
