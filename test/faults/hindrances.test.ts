import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Excuse } from './case-file.ts';
import { noteHindrances } from './hindrances.ts';
import type { Seen } from './proxy.ts';

it('hindrances are the requests that got no answer, since the harm began', () => {
  const see = (at: number, isAnswered: boolean, path = '/a'): Seen => ({
    method: 'PATCH',
    path,
    isWatch: false,
    at,
    status: 0,
    isAnswered,
  });
  const seen = [see(9, false), see(10, false), see(11, true), see(12, false, '/b'), see(20, false)];
  const hindrances: Excuse[] = [];
  noteHindrances(
    { main: () => ({ writes: () => seen }), hindrances },
    { since: 10, each: 5, fits: ({ path }) => path === '/a' },
  );
  assert.deepEqual(hindrances, [
    { from: 10, until: 15 },
    { from: 20, until: 25 },
  ]);
});
