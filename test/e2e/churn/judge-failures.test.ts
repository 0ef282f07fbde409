import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeFailure, judgeFailures } from './judge-failures.ts';

const HARM = { at: 10_000, connections: 2 };
const KILLED = { cutOff: /EOF/, refuses: true } as const;
const failure = (words: string, after = 100) => ({ words, at: HARM.at + after, tookMs: 20 });
const EOF = failure('Post "https://…": EOF');
const REFUSED = failure('dial tcp 10.0.0.1:443: connect: connection refused', 800);

describe('what failures of creations come from', () => {
  for (const [title, failures, disturbance, cutOff, refused, wrong] of [
    ['none', [], KILLED, 0, 0, []],
    ['reviews on the connections that were lost', [EOF, EOF], KILLED, 2, 0, []],
    [
      'more of them than connections',
      [EOF, EOF, EOF],
      KILLED,
      3,
      0,
      ['3 reviews were cut off, on 2 connections'],
    ],
    ['new connections in their place', [REFUSED, REFUSED, REFUSED, REFUSED], KILLED, 0, 4, []],
    [
      'too many of these',
      Array.from({ length: 5 }, () => REFUSED),
      KILLED,
      0,
      5,
      ['5 connections were refused, after 2 were lost'],
    ],
    [
      'one long after the Service left the address out',
      [failure('connect: connection refused', 3_001)],
      KILLED,
      0,
      0,
      ['after 3.0 s, in 0.0 s: connect: connection refused'],
    ],
    [
      'one where nothing ended',
      [REFUSED],
      { cutOff: /deadline/ },
      0,
      0,
      [`after 0.8 s, in 0.0 s: ${REFUSED.words}`],
    ],
    ['a refusal of ours', [failure('denied')], KILLED, 0, 0, ['after 0.1 s, in 0.0 s: denied']],
  ] as const) {
    it(title, () => {
      assert.deepEqual(judgeFailures(failures, HARM, disturbance), { cutOff, refused, wrong });
    });
  }

  it('where nothing was harmed, nothing may fail', () => {
    const { wrong } = judgeFailures([EOF], undefined, {});
    assert.deepEqual(wrong, [describeFailure(EOF, undefined)]);
  });
});
