import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KeyTrials } from '../../src/admission/key-trials.ts';
import { reviewJwt } from '../../src/admission/review-jwts.ts';
import { NO_POLICY } from '../../src/resources/signing-policy.ts';
import { wireJwt } from '../fixtures/jwts.ts';
import { SECRET } from '../signing/lint/specs.ts';
import { assertUntouched, requestOf } from './jwt-reviews.ts';

const trials = new KeyTrials();

describe('a JWT', () => {
  it('that the cluster’s policy forbids is refused, and so is an update that changes the spec', async () => {
    const policy = { ...NO_POLICY, forbidInlineKeys: true };
    const { allowed, decision, reason, message } = await reviewJwt(requestOf(wireJwt()), trials, { policy });
    assert.deepEqual([allowed, decision, reason], [false, 'deny', 'PolicyDenied']);
    assert.match(message, /^spec\.key\.value is forbidden in this cluster/);
    assertUntouched(await reviewJwt(requestOf(wireJwt({ key: SECRET })), trials, { policy }));
    const change = (object: unknown) =>
      reviewJwt(requestOf(object, { operation: 'UPDATE', oldObject: wireJwt() }), trials, { policy });
    assertUntouched(await change(wireJwt()));
    assert.equal((await change(wireJwt({ keyId: 'other' }))).allowed, false);
  });
});
