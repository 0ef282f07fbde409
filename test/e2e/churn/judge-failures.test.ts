import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeFailure, judgeFailures } from './judge-failures.ts';

const HARM = { at: 10_000, until: 12_000, connections: 2 };
const KILLED = { cutOff: /EOF/ } as const;
const failure = (words: string, after = 100) => ({ words, at: HARM.at + after, tookMs: 20 });
const EOF = failure('Post "https://…": EOF');
const BEFORE = failure(EOF.words, -100);
const SLOW = failure(EOF.words, 7_000);
const LATE = failure(EOF.words, 9_000);
const REFUSED = failure('dial tcp 10.0.0.1:443: connect: connection refused', 800);
const EARLY = failure(REFUSED.words, -100);
const LATER = failure(REFUSED.words, 9_000);

describe('the cause of failed creations is named:', () => {
  for (const [title, failures, cutOff, wrong] of [
    ['none', [], 0, []],
    ['reviews on the connections that were lost', [EOF, EOF], 2, []],
    ['one more for each concurrent creation', [EOF, EOF, EOF, EOF], 4, []],
    ['more of them', Array.from({ length: 5 }, () => EOF), 5, ['5 reviews were cut off, on 2 connections']],
    ['a new connection that was refused', [EOF, REFUSED], 1, [`after 0.8 s, in 0.0 s: ${REFUSED.words}`]],
    ['one that came before the harm', [BEFORE], 0, [`after -0.1 s, in 0.0 s: ${EOF.words}`]],
    ['one that the API server gave up', [SLOW], 1, []],
    ['one that came long after the harm', [LATE], 0, [`after 9.0 s, in 0.0 s: ${EOF.words}`]],
    ['a refusal of ours', [failure('denied')], 0, ['after 0.1 s, in 0.0 s: denied']],
  ] as const) {
    it(title, () => {
      assert.deepEqual(judgeFailures(failures, HARM, KILLED), { cutOff, refused: 0, wrong });
    });
  }

  for (const [title, failures, wrong] of [
    ['connections that are refused where nobody is left in the pod', [REFUSED, EOF], []],
    ['as many as chance allows', Array.from({ length: 8 }, () => REFUSED), []],
    ['more than that', Array.from({ length: 9 }, () => REFUSED), ['9 connections were refused']],
    ['one before the harm', [EARLY], [describeFailure(EARLY, HARM)]],
    ['one long after it', [LATER], [describeFailure(LATER, HARM)]],
    ['a refusal of ours there', [failure('denied')], [describeFailure(failure('denied'), HARM)]],
  ] as const) {
    it(title, () => {
      assert.deepEqual(judgeFailures(failures, HARM, { ...KILLED, leavesNobody: true }).wrong, wrong);
    });
  }

  it('no failure is allowed without a disturbance', () => {
    const { wrong } = judgeFailures([EOF], undefined, KILLED);
    assert.deepEqual(wrong, [describeFailure(EOF, undefined)]);
  });
});
