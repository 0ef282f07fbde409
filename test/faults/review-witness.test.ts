import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { answerReview } from './fake-webhook.ts';
import { startReviewWitness, type ReviewWitnessOptions, type Testimony } from './review-witness.ts';

/** What the witness says after it has sent `count` reviews. */
async function testify(
  send: ReviewWitnessOptions['send'],
  { wasAway = (): boolean => false, count }: { readonly wasAway?: () => boolean; readonly count: number },
): Promise<Testimony> {
  const enough = Promise.withResolvers<void>();
  let sent = 0;
  const dismiss = startReviewWitness({
    main: () => ({ wasAway }),
    send: (review, signal) => {
      sent += 1;
      if (sent === count) enough.resolve();
      return send(review, signal);
    },
    playing: () => ['a-fault', 'another'],
    pauseMs: 1,
    answersWithinMs: 50,
  });
  await enough.promise;
  return dismiss();
}

describe('the witness of reviews', { concurrency: true }, () => {
  it('has nothing against a webhook that answers in time', async () => {
    const { violations, asked } = await testify(async (review) => answerReview(review), { count: 3 });
    assert.deepEqual(violations, []);
    assert.ok(asked >= 3);
  });

  it('reports a wrong answer once, with the faults at that time and how often it came', async () => {
    const { violations } = await testify(async () => ({ status: 503, text: '' }), { count: 2 });
    assert.deepEqual(violations, [{ invariant: 'I8', what: 'a-fault, another: answered 503 (2 times)' }]);
  });

  it('reports an answer that does not come in time', async () => {
    const { violations } = await testify(
      (_, signal) =>
        new Promise((__, reject) => {
          signal.addEventListener('abort', () => reject(new Error('too late')));
        }),
      { count: 1 },
    );
    assert.deepEqual(violations, [{ invariant: 'I8', what: 'a-fault, another: no answer: Error: too late' }]);
  });

  it('expects nothing while the process is kept from answering, but some review at last', async () => {
    const { violations } = await testify(async () => Promise.reject(new Error('refused')), {
      wasAway: () => true,
      count: 3,
    });
    assert.deepEqual(violations, [{ invariant: 'I8', what: 'nothing was tested: no review was sent' }]);
  });
});
