import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ATTACKS } from './catalogue.ts';
import { makeFakeFighter } from './fake-fighter.ts';
import { makeFakeNeighbour, UNHARMED } from './fake-neighbour.ts';
import type { Experience } from './neighbour.ts';
import { launchAlone, look, missing, observe } from './observe.ts';

const ROW = { name: 'row', title: 'a row' };

it('an attack that was not made is a harm, even without any damage', { timeout: 60_000 }, async () => {
  const attack = ATTACKS.find(({ name }) => name === 'restless') ?? assert.fail('no such attack');
  const observed = { neighbour: makeFakeNeighbour(), victim: makeFakeFighter(), prefix: '' };
  const api = { adminKubeconfig: '/nowhere/kubeconfig', url: 'https://127.0.0.1:1', ca: '' };
  const target = { webhookPort: 1, httpPort: 1, api, namespace: 'nobody', isAlone: true, scale: 0.01 };
  const { harms } = await observe(observed, attack, () =>
    launchAlone({ priority: 'normal' }, attack, target),
  );
  assert.match(harms.join('\n'), /^the attack restless was not made: could not be made: .*ENOENT[^\n]*$/);
});

it('an attack that had not begun in time shows nothing', () => {
  const attack = ATTACKS[0] ?? assert.fail('no attack');
  assert.deepEqual(missing(attack, { words: 'ended after 90 s', wasMade: false, isGivenUp: true }), {
    harms: [],
    gaps: [`the attack ${attack.name} was not made: ended after 90 s`],
  });
});

it('harm after the row before counts, too', { timeout: 60_000 }, async () => {
  const ends = ['exit code 1: between two rows'];
  const victim = makeFakeFighter({ takeEnds: () => Promise.resolve(ends.splice(0)) });
  const observed = { neighbour: makeFakeNeighbour(), victim, prefix: '' };
  const { harms } = await observe(observed, ROW, () => Promise.resolve({ answers: '', harms: [], gaps: [] }));
  assert.deepEqual(harms, ['the service ended (exit code 1: between two rows)']);
});

const [LATE, TOOK] = ['token-3 at 12:00:05Z', 20_000];
for (const [what, changes, harms, gaps] of [
  [
    'a renewal that was late is a harm, though no token had expired',
    { latestMs: 5_100, latest: LATE },
    [`renewed 5.1 s late: ${LATE}`],
    [],
  ],
  [
    'a renewal that is late while the API server takes as long shows nothing of the service',
    { latestMs: TOOK, latest: LATE, longestMs: TOOK, longestPlainMs: TOOK },
    [],
    ['the API server itself took 20.0 s'],
  ],
  [
    'a renewal that is later than the API server explains is a harm',
    { latestMs: 32_000, latest: LATE, longestPlainMs: 6_000 },
    [`renewed 32.0 s late: ${LATE}`],
    ['the API server itself took 6.0 s'],
  ],
  ['a slow pod is a harm', { longestMs: 5_100, longestPlainMs: 900 }, ['a pod took 5.1 s'], []],
  ['a row without a pod is a harm', { injected: 0 }, ['no pod was created with its token'], []],
  ['a time in which nobody looked shows nothing', { gaps: ['no look'] }, [], ['no look']],
] as const) {
  it(what, { timeout: 60_000 }, async () => {
    const takeExperience = (): Experience => ({ ...UNHARMED, ...changes });
    const neighbour = makeFakeNeighbour({ takeExperience });
    const seen = await look({ neighbour, victim: makeFakeFighter() });
    assert.deepEqual([seen.harms, seen.gaps], [harms, gaps]);
  });
}

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
  const { harms } = await observe(observed, ROW, () => Promise.resolve({ answers: '', harms: [], gaps: [] }));
  assert.deepEqual(harms, ['a pod was refused']);
});
