import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { renewalLateness } from '../../src/reconcile/lateness.ts';
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
  it('counts from its planned moment', () => {
    const secret = ourSecret(jwt, 20 * 3_600);
    const lateness = renewalLateness(makeObserved({ jwt, secret }), 'RenewalDue', NOW) ?? 0;
    assert.ok(lateness > 3_600 && lateness < 3_600 + 1_800, String(lateness)); // due 5 h before the expiry, minus the jitter
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
