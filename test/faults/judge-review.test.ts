import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Loose } from '../integration/objects.ts';
import { answerReview } from './fake-webhook.ts';
import { describeFlaw } from './judge-review.ts';
import { reviewOf } from './review-witness.ts';

const review = reviewOf('a');
const blame = (change: Parameters<typeof answerReview>[1] = {}): string | undefined =>
  describeFlaw(review, answerReview(JSON.stringify(review), change));
const operation = (op: string, path: string, value?: Loose): Loose => ({ op, path, value });

describe('the judge of reviews', () => {
  it('has nothing against an answer as the service gives it', () => {
    assert.equal(blame(), undefined);
  });

  it('finds another answer than an AdmissionReview, and that of another review', () => {
    assert.equal(describeFlaw(review, { status: 429, text: '' }), 'answered 429');
    assert.equal(describeFlaw(review, { status: 200, text: '{"kind":"Status"}' }), 'no AdmissionReview');
    assert.equal(describeFlaw(review, { status: 200, text: 'ok' }), 'no AdmissionReview');
    assert.equal(blame({ response: { uid: 'other' } }), 'the answer to another review');
  });

  it('finds a refusal, an answer without a patch, and a patch that does not fit', () => {
    const refusal = { allowed: false, status: { message: 'not today' } };
    assert.equal(blame({ response: refusal }), 'refused: not today');
    assert.equal(blame({ response: { patchType: undefined } }), 'no patch');
    assert.equal(
      blame({ operations: [operation('remove', '/spec/containers/7')] }),
      'a patch that does not fit',
    );
  });

  it('finds a container without its token', () => {
    const path = '/spec/containers/1/env/1';
    assert.equal(blame({ operations: [operation('remove', path)] }), 'a container without its token');
  });

  it('finds every other change of the pod', () => {
    for (const each of [
      operation('add', '/spec/hostNetwork', true),
      operation('replace', '/spec/containers/0/image', 'other'),
      operation('replace', '/spec/containers/0/env/0/value', 'y'),
      operation('remove', '/spec/volumes/0'),
      operation('add', '/metadata/annotations/a', 'b'),
    ]) {
      assert.equal(blame({ operations: [each] }), 'more of the pod changed', each.path);
    }
  });
});
