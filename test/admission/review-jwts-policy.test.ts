import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NO_POLICY } from '../../src/resources/signing-policy.ts';
import { wireJwt } from '../fixtures/jwts.ts';
import { SECRET } from '../signing/lint/specs.ts';
import { answerTo, assertUntouched, requestOf } from './jwt-reviews.ts';

describe('a JWT', () => {
  it('that the cluster’s policy forbids is refused, and so is an update that changes the spec', async () => {
    const policy = { ...NO_POLICY, forbidInlineKeys: true };
    const { allowed, decision, reason, message } = await answerTo(requestOf(wireJwt()), { policy });
    assert.deepEqual([allowed, decision, reason], [false, 'deny', 'PolicyDenied']);
    assert.match(message, /^spec\.key\.value is forbidden in this cluster/);
    assertUntouched(await answerTo(requestOf(wireJwt({ key: SECRET })), { policy }));
    const change = (object: unknown) =>
      answerTo(requestOf(object, { operation: 'UPDATE', oldObject: wireJwt() }), { policy });
    assertUntouched(await change(wireJwt()));
    assert.equal((await change(wireJwt({ keyId: 'other' }))).allowed, false);
  });

  it('that the policy forbids gets no warnings, also if it would get some without', async () => {
    const request = requestOf(wireJwt());
    assert.notDeepEqual((await answerTo(request)).warnings, []);
    const policy = { ...NO_POLICY, forbidInlineKeys: true };
    assert.deepEqual((await answerTo(request, { policy })).warnings, []);
  });

  it('whose key is in a ConfigMap is refused for the other things that the policy forbids', async () => {
    const policy = { ...NO_POLICY, maxLifetime: 3_600 };
    const key = { configMap: { name: 'my-keys', key: 'key.pem' } };
    const { reason } = await answerTo(requestOf(wireJwt({ key })), { policy });
    assert.equal(reason, 'PolicyDenied');
  });
});
