import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { errored, erroredButAllowed } from '../../src/admission/answer.ts';

describe('after an internal error', () => {
  it('an object that must not be admitted without injection is refused', () => {
    const { allowed, decision, reason, message, warnings, patch } = errored('try again');
    assert.deepEqual([allowed, decision, reason, message], [false, 'deny', 'InternalError', 'try again']);
    assert.deepEqual([warnings, patch], [[], '']);
  });

  it('any other object is admitted with a warning, which is cut to the length that is shown', () => {
    const { allowed, decision, reason, message, warnings, patch } = erroredButAllowed('x'.repeat(121));
    assert.deepEqual([allowed, decision, reason], [true, 'skip', 'InternalError']);
    assert.deepEqual([message, patch], ['x'.repeat(121), '']);
    assert.deepEqual(warnings, [`${'x'.repeat(119)}…`]);
  });
});
