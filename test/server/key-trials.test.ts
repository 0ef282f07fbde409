import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { reviewJwt, type JwtReviewSettings } from '../../src/admission/review-jwts.ts';
import { NO_POLICY } from '../../src/resources/signing-policy.ts';
import { KeyTrials } from '../../src/server/key-trials.ts';
import { parseAdmissionReview, type AdmissionRequest } from '../../src/resources/admission-review.ts';
import { wireJwt } from '../fixtures/jwts.ts';

/** A new JWT whose key is invalid. */
function badReview(): AdmissionRequest {
  const request = {
    uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
    resource: { group: 'tokens.osg-htc.org', version: 'v1', resource: 'jwts' },
    namespace: 'science',
    operation: 'CREATE',
    object: wireJwt({ key: { value: 'hello' } }),
  };
  const parsed = parseAdmissionReview({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request,
  });
  assert.ok(parsed.ok);
  return parsed.value;
}

describe('keys of many reviews at once', () => {
  it('are checked two at a time, and not at all if more than 24 wait', async () => {
    const trials = new KeyTrials();
    const takeTurn: JwtReviewSettings['takeTurn'] = (each) => trials.run(each);
    const settings = { policy: NO_POLICY, ownNamespace: 'jwt-injector', takeTurn };
    let [running, most] = [0, 0];
    const ends: (() => void)[] = [];
    const trial = async (): Promise<string> => {
      running += 1;
      most = Math.max(most, running);
      await new Promise<void>((resolve) => ends.push(resolve));
      running -= 1;
      return 'tried';
    };
    const outcomes = Array.from({ length: 30 }, () => trials.run(trial));
    const review = await reviewJwt(badReview(), settings);
    assert.ok(review.allowed, 'its key is not tried here');
    assert.equal(review.warnings.length, 1);
    for (let ended = 0; ended < 26; ended += 1) {
      while (ends.length === 0) await new Promise(setImmediate);
      ends.shift()?.();
    }
    const seen = await Promise.all(outcomes);
    assert.deepEqual([most, running, seen.filter((outcome) => outcome === 'tried').length], [2, 0, 26]);
    assert.ok(!(await reviewJwt(badReview(), settings)).allowed);
  });

  it('are not tried for clients that hung up, and these leave their place', async () => {
    const trials = new KeyTrials();
    const ends: (() => void)[] = [];
    let tried = 0;
    const trial = async (): Promise<string> => {
      tried += 1;
      await new Promise<void>((resolve) => ends.push(resolve));
      return 'tried';
    };
    const running = Array.from({ length: 2 }, () => trials.run(trial));
    const gone = new AbortController();
    const given = Array.from({ length: 24 }, () => trials.run(trial, gone.signal));
    assert.equal(await trials.run(trial), undefined);
    gone.abort();
    assert.deepEqual(new Set(await Promise.all(given)), new Set([undefined]));
    assert.equal(await trials.run(trial, gone.signal), undefined);
    const next = trials.run(trial);
    for (const end of ends) end();
    await Promise.all(running);
    ends.at(-1)?.();
    assert.deepEqual([await next, tried], ['tried', 3]);
  });
});
