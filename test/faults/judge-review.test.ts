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
    const second = '/spec/containers/1';
    for (const operations of [
      [operation('remove', `${second}/env/1`)],
      [
        operation('remove', `${second}/env/1`),
        operation('add', '/spec/containers/0/env/-', { name: 'BEARER_TOKEN_FILE', value: '/jwt/token' }),
      ],
      [operation('replace', `${second}/env/1/value`, '/jwt')],
      [operation('remove', `${second}/env`)],
      [operation('remove', `${second}/volumeMounts/1`)],
      [operation('replace', `${second}/volumeMounts/1/mountPath`, '/elsewhere')],
      [operation('replace', `${second}/volumeMounts/1/name`, 'work')],
    ]) {
      assert.equal(blame({ operations }), 'a container without its token', JSON.stringify(operations));
    }
  });

  it('finds a pod without the volume of its token', () => {
    for (const each of [
      operation('remove', '/spec/volumes/1'),
      operation('replace', '/spec/volumes/1/secret/secretName', 'another'),
    ]) {
      assert.equal(blame({ operations: [each] }), 'a pod without the volume of its token', each.op);
    }
  });

  it('finds every other change of the pod', () => {
    for (const each of [
      operation('add', '/spec/hostNetwork', true),
      operation('replace', '/spec/containers/0/image', 'other'),
      operation('replace', '/spec/containers/0/env/0/value', 'y'),
      operation('remove', '/spec/volumes/0'),
      operation('add', '/spec/volumes/-', { name: 'more', secret: { secretName: 'b' } }),
      operation('add', '/spec/containers/0/volumeMounts/-', { name: 'jwt', mountPath: '/more' }),
      operation('add', '/spec/containers/0/env/-', { name: 'MORE', value: 'x' }),
      operation('remove', '/spec/containers/0/env/0'),
      operation('add', '/spec/containers/-', { name: 'more' }),
      operation('remove', '/spec/initContainers'),
      operation('add', '/metadata/annotations/a', 'b'),
    ]) {
      assert.equal(blame({ operations: [each] }), 'more of the pod changed', each.path);
    }
  });
});
