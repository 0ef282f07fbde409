import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { desiredConditions } from '../../src/reconcile/desired-conditions.ts';
import type { Observed } from '../../src/reconcile/observed.ts';
import type { Outcome } from '../../src/reconcile/outcome.ts';
import { presentToken } from '../../src/reconcile/present-token.ts';
import type { StateProblem } from '../../src/resources/problem.ts';
import { makeJwt } from '../fixtures/jwts.ts';
import { DAY, NOW, makeObserved, settled, settledJwt, unsigned, withToken } from '../fixtures/observed.ts';
import { faulty, gone, HOUR, key, noKey, signed } from './outcomes.ts';

/** `status reason` of a condition; `undefined` if it does not exist. */
function conditionOf(observed: Observed, outcome: Outcome, type: string, now = NOW): string | undefined {
  const conditions = desiredConditions(observed, outcome, presentToken(observed, outcome, now), now);
  const condition = conditions.find((one) => one.type === type);
  return condition === undefined ? undefined : `${condition.status} ${condition.reason}`;
}

describe('Ready', () => {
  const valid = { state: 'valid', expiresAt: NOW + DAY, tokenId: 'the-jti', signature: 'verified' } as const;
  it('is True while the Secret has a valid token, for any reason why the next one cannot be signed', async () => {
    assert.equal(conditionOf(await settled(), {}, 'Ready'), 'True Signed');
    assert.equal(conditionOf(await settled(0, { key: noKey }), { problem: gone }, 'Ready'), 'True Signed');
    assert.equal(conditionOf(await withToken({ ...valid, isLegacy: true }), {}, 'Ready'), 'True LegacyToken');
    assert.equal(conditionOf(makeObserved({ jwt: makeJwt(), key }), signed, 'Ready'), 'True Signed');
  });

  it('is False with the reason if there is no token, if it has expired, or if the Secret is foreign', async () => {
    assert.equal(conditionOf(await withToken(faulty), { problem: gone }, 'Ready'), 'False KeyNotFound');
    assert.equal(
      conditionOf(await withToken({ ...valid, isLegacy: false }), { problem: gone }, 'Ready', NOW + DAY),
      'False KeyNotFound',
    );
    const conflict: Outcome = { problem: { reason: 'SecretConflict', message: 'theirs' } };
    assert.equal(conditionOf(await settled(), conflict, 'Ready'), 'False SecretConflict');
    assert.equal(conditionOf(await withToken(faulty), {}, 'Ready'), 'False WriteFailed');
  });

  it('is Unknown while nothing proves who signed the token: it can be forged', async () => {
    const unchecked = await withToken(
      { ...valid, isLegacy: true, signature: 'unknown' },
      { jwt: makeJwt(), key: noKey },
    );
    assert.equal(conditionOf(unchecked, {}, 'Ready'), 'Unknown KeyNotFound');
    assert.equal(conditionOf({ ...unchecked, key }, signed, 'Ready'), 'True Signed');
  });
});

describe('KeyAvailable', () => {
  const cases: readonly (readonly [string, () => Promise<Observed>, Outcome, string])[] = [
    ['True once the key was read', () => settled(0, { key }), {}, 'True Signed'],
    ['True while the key is the recorded one, unread', () => settled(), {}, 'True Signed'],
    ['False while the key cannot be used', () => settled(0, { key: noKey }), {}, 'False KeyNotFound'],
    ['False when spec.key is the mistake', () => unsigned({ key: {} }), {}, 'False KeyUnreadable'],
    [
      'Unknown when the rest of the spec is',
      () => unsigned({ algorithm: 'none' }),
      {},
      'Unknown ClaimsInvalid',
    ],
    [
      'Unknown while no key was ever read',
      () => unsigned({}),
      { problem: { reason: 'SecretConflict', message: 'theirs' } },
      'Unknown SecretConflict',
    ],
    [
      'Unknown while nobody has read the key as it is now',
      () => settled(0, { key: { state: 'unread', version: 'key/2' } }),
      { problem: { reason: 'SecretConflict', message: 'theirs' } },
      'Unknown SecretConflict',
    ],
    [
      'Unknown while nobody has read the key for the algorithm that the spec names now',
      async () => {
        const jwt = await settledJwt({ algorithm: 'RS256' });
        return settled(0, { jwt, recordedKey: { kty: 'EC', alg: 'ES256' } });
      },
      { problem: { reason: 'PolicyDenied', message: 'no' } },
      'Unknown PolicyDenied',
    ],
    [
      'True while it is the recorded key, of the same algorithm',
      () => settled(0, { recordedKey: { kty: 'EC', alg: 'ES256' } }),
      {},
      'True Signed',
    ],
  ];
  for (const [name, observed, outcome, expected] of cases) {
    it(`is ${name}`, async () => {
      assert.equal(conditionOf(await observed(), outcome, 'KeyAvailable'), expected);
    });
  }
});

describe('the other conditions', () => {
  it('are absent if there is nothing to report', async () => {
    const observed = await settled();
    const conditions = desiredConditions(observed, {}, presentToken(observed, {}, NOW), NOW);
    assert.deepEqual(
      conditions.map(({ type }) => type),
      ['Ready', 'KeyAvailable'],
    );
  });

  it('report a resignBefore that is not shorter than the lifetime', async () => {
    const clamped = async (resignBefore: object): Promise<string | undefined> =>
      conditionOf(await settled(0, { jwt: await settledJwt({ resignBefore }) }), {}, 'RenewalClamped');
    assert.equal(await clamped({ days: 1 }), 'True RenewalClamped');
    assert.equal(await clamped({ hours: 23 }), undefined);
  });

  it('report a data.iss that differs', async () => {
    const jwt = await settledJwt({ data: { iss: 'https://other.example.com' } });
    assert.equal(conditionOf(await settled(0, { jwt }), {}, 'IssuerMismatch'), 'True IssuerMismatch');
    const same = await settledJwt({ data: { iss: 'https://issuer.example.com/' } });
    assert.equal(conditionOf(await settled(0, { jwt: same }), {}, 'IssuerMismatch'), undefined);
  });

  it('report a policy that forbids the next signature, while Ready still depends on the token', async () => {
    const policyRefusal: StateProblem = { reason: 'PolicyDenied', message: 'too long' };
    const observed = await settled(0, { policyRefusal });
    assert.equal(conditionOf(observed, {}, 'PolicyDenied'), 'True PolicyDenied');
    assert.equal(conditionOf(observed, {}, 'Ready'), 'True Signed');
    const unsignedYet = makeObserved({ jwt: makeJwt(), key, policyRefusal });
    assert.equal(conditionOf(unsignedYet, { problem: policyRefusal }, 'Ready'), 'False PolicyDenied');
  });

  it('report a renewal that is overdue once half of resignBefore has passed, until the token expires', async () => {
    const overdue = 21.5 * HOUR;
    const outcome = { problem: gone };
    const observed = await settled(0, { key: noKey });
    assert.equal(conditionOf(observed, outcome, 'RenewalOverdue', NOW + overdue - 1), undefined);
    assert.equal(conditionOf(observed, outcome, 'RenewalOverdue', NOW + overdue), 'True RenewalOverdue');
    assert.equal(conditionOf(observed, outcome, 'RenewalOverdue', NOW + DAY), undefined);
  });
});
