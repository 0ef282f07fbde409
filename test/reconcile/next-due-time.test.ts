import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nextDueTime, plannedRenewal } from '../../src/reconcile/next-due-time.ts';
import { makeJwt } from '../fixtures/jwts.ts';
import { DAY, NOW, ourSecret, settled, settledJwt } from '../fixtures/observed.ts';

const HOUR = 3600;

describe('the next round', () => {
  it('is at the renewal, then when that is overdue, then when the token expires', async () => {
    const observed = await settled();
    const renewsAt = plannedRenewal(observed.jwt, observed.secret) ?? 0;
    assert.ok(renewsAt > NOW + 18 * HOUR && renewsAt <= NOW + 19 * HOUR, String(renewsAt - NOW));
    assert.equal(nextDueTime(observed, undefined, NOW), renewsAt);
    assert.equal(nextDueTime(observed, undefined, renewsAt), NOW + 21.5 * HOUR);
    assert.equal(nextDueTime(observed, undefined, NOW + 21.5 * HOUR), NOW + DAY);
    assert.equal(nextDueTime(observed, undefined, NOW + DAY), undefined);
  });

  it('is at the renewal of a token that was just signed', async () => {
    const observed = await settled(20 * HOUR);
    const { jwt } = observed;
    assert.equal(nextDueTime(observed, NOW + DAY, NOW), plannedRenewal(jwt, ourSecret(jwt)));
  });

  it('is at the time when a token becomes valid that is not valid yet, and not for other faults', async () => {
    const jwt = await settledJwt();
    const early = { state: 'faulty', cause: 'ClaimsMismatch', until: NOW + 90 } as const;
    const secret = ourSecret(jwt, 0, { token: early });
    assert.equal(nextDueTime({ jwt, secret }, undefined, NOW), NOW + 90);
    const expired = ourSecret(jwt, 0, { token: { state: 'faulty', cause: 'Expired' } });
    assert.equal(nextDueTime({ jwt, secret: expired }, undefined, NOW), undefined);
  });

  it('is not planned without a token, or if the token was not read', async () => {
    const jwt = await settledJwt();
    for (const secret of [undefined, ourSecret(jwt, 0, { token: { state: 'unread' } })])
      assert.equal(plannedRenewal(jwt, secret), undefined);
    assert.equal(nextDueTime({ jwt, secret: undefined }, undefined, NOW), undefined);
  });

  it('is the expiry in the status if the token was not read, until which it stays Ready, or when that is overdue', async () => {
    const signed = await settledJwt();
    const jwt = { ...signed, recorded: { ...signed.recorded, expiresAt: NOW + HOUR } };
    const secret = ourSecret(jwt, 0, { token: { state: 'unread' } });
    assert.equal(nextDueTime({ jwt, secret }, undefined, NOW), NOW + HOUR);
    assert.equal(nextDueTime({ jwt, secret }, undefined, NOW + HOUR), undefined);
    const overdueAt = NOW - 1.5 * HOUR;
    assert.equal(nextDueTime({ jwt, secret }, undefined, NOW - 2 * HOUR), overdueAt);
  });

  it('is not planned for a spec that cannot be served', () => {
    const jwt = makeJwt({ algorithm: 'none' });
    assert.equal(nextDueTime({ jwt, secret: undefined }, NOW + DAY, NOW), undefined);
    assert.equal(plannedRenewal(jwt, ourSecret(makeJwt())), undefined);
  });
});
