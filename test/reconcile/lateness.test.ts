import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { renewalLateness } from '../../src/reconcile/lateness.ts';
import { plannedRenewal } from '../../src/reconcile/next-due-time.ts';
import { wholeTime } from '../../src/time/format-time.ts';
import { DAY, NOW, UNREAD, makeObserved, ourSecret, settledJwt } from '../fixtures/observed.ts';

const jwt = await settledJwt();
const expired = makeObserved({
  jwt,
  key: UNREAD,
  secret: ourSecret(jwt, 2 * DAY, { token: { state: 'faulty', cause: 'Expired' } }),
});

function planned(secondsAgo: number): typeof expired {
  return { ...expired, jwt: { ...jwt, recorded: { ...jwt.recorded, renewsAt: NOW - secondsAgo } } };
}

describe('the lateness of a renewal', () => {
  it('counts from the moment that the status announced', () => {
    const due = { ...planned(5_000), secret: ourSecret(jwt, 20 * 3_600) };
    assert.equal(renewalLateness(due, 'RenewalDue', NOW), 5_000);
  });

  it('is exact, although the status has whole seconds', () => {
    const secret = ourSecret(jwt, 20 * 3_600);
    const exact = plannedRenewal(jwt, secret) ?? 0;
    assert.notEqual(exact, wholeTime(exact));
    const due = { ...planned(NOW - wholeTime(exact)), secret };
    assert.equal(renewalLateness(due, 'RenewalDue', exact + 0.25), 0.25);
  });

  it('does not exist if the spec was changed and now asks for an earlier renewal', () => {
    const edited = { ...planned(-3_600), secret: ourSecret(jwt, 20 * 3_600) };
    assert.equal(renewalLateness(edited, 'RenewalDue', NOW), undefined);
  });

  it('does not exist if somebody put an earlier token there that is still valid, but due by its own times', () => {
    const restored = { ...planned(-40_000), secret: ourSecret(jwt, 20 * 3_600) };
    assert.equal(renewalLateness(restored, 'RenewalDue', NOW), undefined);
  });

  it('does not exist for a token of token-manager that was due before it was seen', () => {
    const legacy = { ...planned(0), secret: ourSecret(jwt, 20 * 3_600) };
    const unseen = { ...legacy, jwt: { ...jwt, recorded: { ...jwt.recorded, renewsAt: undefined } } };
    assert.equal(renewalLateness(unseen, 'RenewalDue', NOW), undefined);
  });

  it('continues to grow after the token has expired', () => {
    assert.equal(renewalLateness(planned(7_200), 'Expired', NOW), 7_200);
  });

  it('is zero for a renewal on time', () => {
    assert.equal(renewalLateness(planned(0), 'Expired', NOW), 0);
  });

  it('is not known if no renewal was planned, or only for later', () => {
    assert.equal(renewalLateness(expired, 'Expired', NOW), undefined);
    assert.equal(renewalLateness(planned(-60), 'Expired', NOW), undefined, 'somebody put an old token there');
  });

  it('does not exist for a signature with another cause', () => {
    for (const cause of ['SecretMissing', 'KeyChanged', 'RenewRequested', 'ClaimsMismatch'] as const)
      assert.equal(renewalLateness(planned(7_200), cause, NOW), undefined);
  });
});
