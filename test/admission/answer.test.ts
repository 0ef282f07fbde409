import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { errored, erroredButAllowed } from '../../src/admission/answer.ts';

describe('after a failure on our side', () => {
  it('an object that must not be admitted without us is refused', () => {
    const { allowed, decision, reason, message, warnings, patch } = errored('try again');
    assert.deepEqual([allowed, decision, reason, message], [false, 'deny', 'InternalError', 'try again']);
    assert.deepEqual([warnings, patch], [[], '']);
  });

  it('any other is admitted with a warning, cut to what is shown of one', () => {
    const { allowed, decision, reason, message, warnings, patch } = erroredButAllowed('x'.repeat(121));
    assert.deepEqual([allowed, decision, reason], [true, 'skip', 'InternalError']);
    assert.deepEqual([message, patch], ['x'.repeat(121), '']);
    assert.deepEqual(warnings, [`${'x'.repeat(119)}…`]);
  });
});
