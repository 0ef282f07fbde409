import assert from 'node:assert/strict';
import { reviewJwt, type JwtReviewSettings } from '../../src/admission/review-jwts.ts';
import {
  parseAdmissionReview,
  type AdmissionAnswer,
  type AdmissionRequest,
} from '../../src/resources/admission-review.ts';
import { APP } from '../../src/resources/names.ts';
import { NO_POLICY } from '../../src/resources/signing-policy.ts';

/** The review as the API server sends it: through JSON. */
export function requestOf(object: unknown, more: Record<string, unknown> = {}): AdmissionRequest {
  const request = {
    uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
    kind: { group: 'tokens.osg-htc.org', version: 'v1', kind: 'JWT' },
    resource: { group: 'tokens.osg-htc.org', version: 'v1', resource: 'jwts' },
    namespace: 'science',
    operation: 'CREATE',
    object,
    oldObject: null,
    ...more,
  };
  const body = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request };
  const parsed = parseAdmissionReview(JSON.parse(JSON.stringify(body)));
  assert.ok(parsed.ok);
  return parsed.value;
}

/** Asserts that it was allowed without a warning. */
export function assertUntouched(answer: AdmissionAnswer): void {
  const { message, ...rest } = answer;
  assert.notEqual(message, '');
  assert.deepEqual(rest, {
    allowed: true,
    decision: 'skip',
    reason: 'NotRequested',
    warnings: [],
    patch: '',
  });
}

/** The answer if every key is checked at once; by default without a policy. */
export function answerTo(
  request: AdmissionRequest,
  settings: Partial<JwtReviewSettings> = {},
): Promise<AdmissionAnswer> {
  const usual = { policy: NO_POLICY, ownNamespace: APP };
  return reviewJwt(request, { ...usual, takeTurn: (trial) => trial(), ...settings });
}
