import assert from 'node:assert/strict';
import { it } from 'node:test';
import { countMet, type Outcome } from './met-count.ts';

const times = (count: number, outcome: Outcome): readonly Outcome[] =>
  Array.from({ length: count }, () => outcome);

for (const [what, isAlone, outcomes, isReached, words] of [
  ['half of the connections are needed', true, times(50, 'opened'), true, '50 of 100 opened'],
  [
    'fewer show nothing, if the files of a process are used up',
    true,
    [...times(49, 'opened'), ...times(51, 'unreachable')],
    false,
    '49 of 100 opened, 51 not reached',
  ],
  [
    'refusals count, after one that was opened',
    true,
    [...times(80, 'refused'), 'opened'],
    true,
    '1 of 100 opened, 80 refused',
  ],
  ['refusals of all show nothing', true, times(100, 'refused'), false, '0 of 100 opened, 100 refused'],
  ['among other attacks they do', false, times(1, 'refused'), true, '0 of 100 opened, 1 refused'],
  ['nobody there shows nothing', false, times(100, 'unreachable'), false, '0 of 100 opened, 100 not reached'],
] as const) {
  it(what, () => {
    let reached = false;
    const met = countMet(100, isAlone, () => (reached = true));
    for (const outcome of outcomes) met.add(outcome);
    assert.deepEqual([reached, met.words()], [isReached, words]);
  });
}
