import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SecretObservation } from '../../src/reconcile/observed.ts';
import type { SecretChange } from '../../src/reconcile/plan.ts';
import { isScheduledRenewal } from '../../src/reconcile/scheduled-renewal.ts';
import { DAY, NOW, ourSecret, settledJwt } from '../fixtures/observed.ts';

const jwt = await settledJwt();
const announced = (renewsAt: number) => ({ ...jwt, recorded: { ...jwt.recorded, renewsAt } });
const renewal: SecretChange = { do: 'sign', cause: 'RenewalDue' };
const published = ourSecret(jwt, DAY);
const another: SecretObservation = {
  ...published,
  token: { state: 'valid', expiresAt: NOW, isLegacy: false, tokenId: 'another', signature: 'verified' },
};
const expired: SecretObservation = { ...published, token: { state: 'faulty', cause: 'Expired' } };

describe('a signature is a scheduled renewal', () => {
  const cases: readonly (readonly [
    string,
    SecretChange,
    typeof jwt,
    SecretObservation | undefined,
    boolean,
  ])[] = [
    ['at the announced time', renewal, announced(NOW), published, true],
    [
      'after it, even if the Secret was deleted',
      { do: 'sign', cause: 'SecretMissing' },
      announced(NOW - 1),
      undefined,
      true,
    ],
    ['after it, even if an old token was put back', renewal, announced(NOW - 1), another, true],
    ['not before it, even if the token in the Secret is due', renewal, announced(NOW + 1), another, false],
    ['without an announcement, if the published token is due', renewal, jwt, published, true],
    ['without one, not for another token', renewal, jwt, another, false],
    ['without one, not for a token that has expired', renewal, jwt, expired, false],
    ['without one, not for another cause', { do: 'sign', cause: 'KeyChanged' }, jwt, published, false],
    [
      'without one, not for a Secret that is missing',
      { do: 'sign', cause: 'SecretMissing' },
      jwt,
      undefined,
      false,
    ],
    ['never when the token stays the same', { do: 'repair' }, announced(NOW - 1), published, false],
  ];
  for (const [name, plan, of, secret, expected] of cases) {
    it(name, () => {
      assert.equal(isScheduledRenewal(plan, { jwt: of, secret }, NOW), expected);
    });
  }
});
