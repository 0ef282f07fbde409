import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Condition, ConditionType } from '../../src/reconcile/conditions.ts';
import { desiredConditions } from '../../src/reconcile/desired-conditions.ts';
import type { KeyObservation, Observed, TokenObservation } from '../../src/reconcile/observed.ts';
import type { Outcome } from '../../src/reconcile/outcome.ts';
import { presentToken } from '../../src/reconcile/present-token.ts';
import { makeJwt } from '../fixtures/jwts.ts';
import { makeKey, toPem } from '../fixtures/keys.ts';
import { DAY, NOW, UNREAD, makeObserved, ourSecret, readKey, settledJwt } from '../fixtures/observed.ts';

const problem = { reason: 'KeyNotFound', message: 'no such Secret: make one' } as const;
const noKey: KeyObservation = { state: 'unavailable', problem };
const firstKey: KeyObservation = { state: 'read', version: 'key/1', key: await readKey() };
const newKey: KeyObservation = {
  state: 'read',
  version: 'key/2',
  key: await readKey(toPem(makeKey('ES256'))),
};

const valid = { state: 'valid', expiresAt: NOW + DAY, isLegacy: false, tokenId: 'the-jti' } as const;
const verified: TokenObservation = { ...valid, signature: 'verified' };
const unchecked: TokenObservation = { ...valid, signature: 'unknown' };
const signed: Outcome = {
  signed: { claims: { iss: 'i', iat: NOW, nbf: NOW, exp: NOW + DAY, jti: 'new-jti' }, issuedAt: NOW },
};

const jwt = await settledJwt();
const clamped = await settledJwt({ resignBefore: { days: 1 } });
const twoIssuers = await settledJwt({ data: { iss: 'https://other.example.com' } });
const holding = (token: TokenObservation, key: KeyObservation = UNREAD): Observed =>
  makeObserved({
    jwt,
    secret: ourSecret(jwt, 0, { token }),
    key,
  });
const unsigned = (key: KeyObservation): Observed => makeObserved({ jwt: makeJwt(), key });

/** The message of a condition for an observation and an action. */
interface Case {
  readonly type: ConditionType;
  readonly when: string;
  readonly observed: Observed;
  readonly outcome?: Outcome;
  readonly now?: number;
  /** Status and reason. */
  readonly says: string;
  readonly message: string;
}

const CASES: readonly Case[] = [
  {
    type: 'Ready',
    when: 'the token is valid',
    observed: holding(verified),
    says: 'True Signed',
    message: 'Secret my-jwt holds a valid token',
  },
  {
    type: 'Ready',
    when: 'the token is valid and of token-manager',
    observed: holding({ ...verified, isLegacy: true }),
    says: 'True LegacyToken',
    message:
      'the Secret holds a valid token of token-manager; claims that it lacks come with its next renewal',
  },
  {
    type: 'Ready',
    when: 'the token is valid, and the API server cannot take the next one',
    observed: holding(verified),
    outcome: { problem: { reason: 'WriteFailed', message: 'no answer: it is tried again' } },
    says: 'True WriteFailed',
    message:
      'Secret my-jwt holds a valid token, but not all that is due can be written: no answer: it is tried again',
  },
  {
    type: 'Ready',
    when: 'the token is valid, and the API server refuses the next one',
    observed: holding(verified),
    outcome: { problem: { reason: 'WriteRefused', message: 'a quota is used up: raise it' } },
    says: 'True WriteRefused',
    message:
      'Secret my-jwt holds a valid token, but not all that is due can be written: a quota is used up: raise it',
  },
  {
    type: 'Ready',
    when: 'nobody can check the token without the key',
    observed: holding(unchecked, noKey),
    says: 'Unknown KeyNotFound',
    message: 'the token in Secret my-jwt cannot be checked: no such Secret: make one',
  },
  {
    type: 'Ready',
    when: 'the token was not checked, though the key is there',
    observed: holding(unchecked),
    says: 'False WriteFailed',
    message: 'no token was written yet',
  },
  {
    type: 'Ready',
    when: 'the token has expired, and there is no key',
    observed: holding(verified, noKey),
    outcome: { problem },
    now: NOW + DAY,
    says: 'False KeyNotFound',
    message: 'no such Secret: make one',
  },
  {
    type: 'Ready',
    when: 'there is neither token nor key',
    observed: unsigned(noKey),
    outcome: { problem },
    says: 'False KeyNotFound',
    message: 'no such Secret: make one',
  },
  {
    type: 'KeyAvailable',
    when: 'the key was read for the first time',
    observed: unsigned(firstKey),
    says: 'True Signed',
    message: 'the private key was read and fits the algorithm',
  },
  {
    type: 'KeyAvailable',
    when: 'the key was never read',
    observed: unsigned(UNREAD),
    says: 'Unknown Signed',
    message: 'the private key is there; it is read when a token is due',
  },
  {
    type: 'KeyAvailable',
    when: 'the key that a grant is to be read from cannot be read',
    observed: unsigned({ state: 'unread', version: 'not listed/vault/key', isGrantUnread: true }),
    outcome: { problem: { reason: 'WriteFailed', message: 'no answer: it is tried again' } },
    says: 'Unknown WriteFailed',
    message: 'whether the key exists, and may be used here, is not known yet: its Secret could not be read',
  },
  {
    type: 'RenewalClamped',
    when: 'resignBefore is as long as the lifetime',
    observed: { ...holding(verified), jwt: clamped },
    says: 'True RenewalClamped',
    message:
      'spec.resignBefore is not shorter than spec.expiryTime: half of it, 12 h, is used; set a shorter one',
  },
  {
    type: 'IssuerMismatch',
    when: 'the claims have another issuer',
    observed: { ...holding(verified), jwt: twoIssuers },
    says: 'True IssuerMismatch',
    message:
      'spec.data.iss differs from spec.issuer and is the one in the token: remove spec.data.iss, or make both equal',
  },
  {
    type: 'KeyIdReused',
    when: 'another key signed under the same key id',
    observed: holding(verified, newKey),
    outcome: signed,
    says: 'True KeyIdReused',
    message:
      'spec.keyId was that of another key, or of another algorithm: verifiers keep keys by kid and may refuse the new ' +
      'tokens for a while; give each key and algorithm its own keyId and publish all',
  },
  {
    type: 'RenewalOverdue',
    when: 'the renewal fails',
    observed: holding(verified),
    outcome: { problem },
    now: NOW + DAY - 3_600,
    says: 'True RenewalOverdue',
    message:
      'no new token could be signed for a while, the current one expires at 2027-01-16T08:00:00Z: no such Secret: make one',
  },
  {
    type: 'RenewalOverdue',
    when: 'the renewal does not come, for a reason that is not known here',
    observed: holding(verified),
    now: NOW + DAY - 3_600,
    says: 'True RenewalOverdue',
    message:
      'no new token could be signed for a while, the current one expires at 2027-01-16T08:00:00Z: see the log of jwt-injector',
  },
];

function conditionOf(
  type: ConditionType,
  observed: Observed,
  outcome: Outcome,
  now = NOW,
): Condition | undefined {
  const token = presentToken(observed, outcome, now);
  return desiredConditions(observed, outcome, token, now).find((condition) => condition.type === type);
}

describe('a condition', () => {
  for (const { type, when, observed, outcome = {}, now, says, message } of CASES) {
    it(`${type} is ${says} when ${when}`, () => {
      const condition = conditionOf(type, observed, outcome, now);
      assert.equal(`${condition?.status} ${condition?.reason}`, says);
      assert.equal(condition?.message, message);
    });
  }

  it('Contended exists while others change the Secret again and again, and names them', () => {
    const condition = conditionOf('Contended', holding(verified), { contenders: ['argocd'] });
    assert.deepEqual([condition?.status, condition?.reason], ['True', 'Contended']);
    assert.match(condition?.message ?? '', /field managers seen: "argocd"/);
    assert.equal(conditionOf('Contended', holding(verified), {}), undefined);
  });
});
