import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { desiredStatus } from '../../src/reconcile/desired-status.ts';
import { findCondition } from '../../src/reconcile/conditions.ts';
import type { KeyObservation, Observed, TokenObservation } from '../../src/reconcile/observed.ts';
import type { Outcome } from '../../src/reconcile/outcome.ts';
import { planNext } from '../../src/reconcile/plan.ts';
import { isTokenInDoubt, presentToken } from '../../src/reconcile/present-token.ts';
import { NO_STATUS } from '../fixtures/jwts.ts';
import { DAY, NOW, UNREAD, makeObserved, ourSecret, readKey, settledJwt } from '../fixtures/observed.ts';

const FAILED: Outcome = { problem: { reason: 'WriteFailed', message: 'no answer' } };
const UNREAD_TOKEN: TokenObservation = { state: 'unread' };
const UNCHECKED: TokenObservation = {
  state: 'valid',
  expiresAt: NOW + DAY,
  tokenId: 'the-jti',
  isLegacy: false,
  signature: 'unknown',
};
const EXPIRED: TokenObservation = { state: 'faulty', cause: 'Expired' };
const GRANT_UNREAD: KeyObservation = { state: 'unread', version: 'key/1', isGrantUnread: true };
const OTHER_VERSION: KeyObservation = { state: 'unread', version: 'key/2' };
const key: KeyObservation = { state: 'read', version: 'key/1', key: await readKey() };

/** A JWT whose status says `Ready`, with the token of `ourSecret`. */
async function readyJwt() {
  const jwt = await settledJwt();
  const observed = makeObserved({ jwt, secret: ourSecret(jwt), key });
  return { ...jwt, recorded: desiredStatus(observed, {}, NOW) };
}
const jwt = await readyJwt();
const holding = (token: TokenObservation, more: Partial<Observed> = {}): Observed =>
  makeObserved({ jwt, secret: ourSecret(jwt, 0, { token }), ...more });
const inDoubt = (observed: Observed, outcome = FAILED): boolean => isTokenInDoubt(observed, outcome);

describe('a token is in doubt', () => {
  it('if its text, or the key to check it with, was not read when the round failed', () => {
    assert.equal(inDoubt(holding(UNREAD_TOKEN)), true);
    assert.equal(inDoubt(holding(UNCHECKED)), true);
    assert.equal(inDoubt(holding(UNCHECKED, { key })), false, 'the key was read');
    assert.equal(inDoubt(holding(EXPIRED)), false);
  });

  it('if its Secret is missing in the caches alone', () => {
    const missing = makeObserved({ jwt });
    assert.equal(inDoubt(missing), true);
    assert.equal(inDoubt({ ...missing, isAbsenceConfirmed: true }), false);
    const recorded = { ...jwt.recorded, tokenId: undefined };
    assert.equal(inDoubt({ ...missing, jwt: { ...jwt, recorded } }), true, 'a token without a jti');
    assert.equal(inDoubt({ ...missing, jwt: { ...jwt, recorded: NO_STATUS } }), false, 'no token yet');
  });

  it('only in a round that failed, in its own Secret, and for a spec that can be served', () => {
    assert.equal(inDoubt(holding(UNREAD_TOKEN), {}), false);
    assert.equal(inDoubt(holding(UNREAD_TOKEN), { problem: { reason: 'KeyNotFound', message: '' } }), false);
    const foreign = ourSecret(jwt, 0, { token: UNREAD_TOKEN, owners: [], annotations: {} });
    assert.equal(inDoubt(makeObserved({ jwt, secret: foreign })), false);
    const spec = { ok: false, problem: { reason: 'ClaimsInvalid', message: 'x' } } as const;
    assert.equal(inDoubt(holding(UNREAD_TOKEN, { jwt: { ...jwt, spec } })), false);
  });
});

describe('the token of the status is remembered', () => {
  const token = (observed: Observed, now = NOW): unknown => presentToken(observed, FAILED, now);
  const remembered = { expiresAt: NOW + DAY, tokenId: 'the-jti', isLegacy: false };

  it('while its Secret cannot be read, until it expires', () => {
    assert.deepEqual(token(holding(UNREAD_TOKEN)), remembered);
    assert.equal(token(holding(UNREAD_TOKEN), NOW + DAY), undefined);
  });

  it('not if the Secret holds another one, which cannot be checked', () => {
    const other: TokenObservation = { ...UNCHECKED, tokenId: 'of somebody' };
    assert.deepEqual(token(holding(UNCHECKED)), remembered);
    assert.equal(token(holding(other)), undefined);
    const ready = findCondition(desiredStatus(holding(other), FAILED, NOW), 'Ready');
    assert.equal(ready?.status, 'Unknown');
  });

  it('not for another spec, nor if it was not Ready, nor if its Secret seems to be gone', () => {
    assert.equal(token(holding(UNREAD_TOKEN, { jwt: { ...jwt, generation: 2 } })), undefined);
    const recorded = { ...jwt.recorded, conditions: [] };
    assert.equal(token(holding(UNREAD_TOKEN, { jwt: { ...jwt, recorded } })), undefined);
    assert.equal(token(makeObserved({ jwt })), undefined);
  });
});

describe('a round that fails at what its plan wanted to read', () => {
  const tokens = fc.constantFrom<TokenObservation>(UNREAD_TOKEN, UNCHECKED, {
    ...UNCHECKED,
    signature: 'verified',
  });

  it('never says False of a recorded token, and never forgets it', () => {
    fc.assert(
      fc.property(
        tokens,
        fc.boolean(),
        fc.boolean(),
        fc.constantFrom(1, 2),
        fc.constantFrom<KeyObservation>(UNREAD, GRANT_UNREAD, OTHER_VERSION),
        (observedToken, hasSecret, hasLabels, generation, observedKey) => {
          const more = { token: observedToken, ...(hasLabels ? {} : { labels: {} }) };
          const observed = makeObserved({
            jwt: { ...jwt, generation },
            secret: hasSecret ? ourSecret(jwt, 0, more) : undefined,
            key: observedKey,
          });
          // The plan is to read the token, or the key that it is checked with; or the grant, before anything else.
          if (planNext(observed, NOW).do !== 'read') return;
          const status = desiredStatus(observed, FAILED, NOW);
          assert.notEqual(findCondition(status, 'Ready')?.status, 'False');
          assert.deepEqual(
            [status.tokenId, status.expiresAt, status.issuedAt, status.renewsAt, status.retiredKeys],
            [
              jwt.recorded.tokenId,
              jwt.recorded.expiresAt,
              jwt.recorded.issuedAt,
              jwt.recorded.renewsAt,
              undefined,
            ],
          );
        },
      ),
    );
  });
});
