import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { whyNotSigned } from '../../../src/commands/cluster/why-not-signed.ts';
import { makeJwt } from '../../fixtures/jwts.ts';

type Conditions = readonly (readonly [type: string, status: string, reason: string])[];

/** The conditions of a JWT; the message of each is its type. */
const why = (...conditions: Conditions): string | undefined =>
  whyNotSigned(
    makeJwt(
      {},
      {
        status: {
          conditions: conditions.map(([type, status, reason]) => ({ type, status, reason, message: type })),
        },
      },
    ),
  );

describe('why no new token is signed', () => {
  const READY = ['Ready', 'True', 'Signed'] as const;
  const KEY = ['KeyAvailable', 'True', 'Signed'] as const;
  const cases: readonly (readonly [title: string, Conditions, expected: string | undefined])[] = [
    ['nothing says so while all is well', [READY, KEY], undefined],
    ['a JWT that was not looked at says nothing', [], undefined],
    ['a key that cannot be used', [READY, ['KeyAvailable', 'False', 'KeyNotFound']], 'KeyAvailable'],
    ['a JWT that is not ready', [['Ready', 'False', 'SecretConflict'], KEY], 'Ready'],
    ['a write that is refused, though the token is valid', [['Ready', 'True', 'WriteRefused'], KEY], 'Ready'],
    ['others who keep changing the Secret', [READY, KEY, ['Contended', 'True', 'Contended']], 'Contended'],
    [
      'a policy of the cluster, though token and key are valid',
      [READY, KEY, ['PolicyDenied', 'True', 'PolicyDenied']],
      'PolicyDenied',
    ],
    [
      'a policy before a key that cannot be used: with a key, there would be no token either',
      [READY, ['KeyAvailable', 'False', 'KeyNotFound'], ['PolicyDenied', 'True', 'PolicyDenied']],
      'PolicyDenied',
    ],
    ['what changes nothing of it', [READY, KEY, ['IssuerMismatch', 'True', 'IssuerMismatch']], undefined],
  ];
  for (const [title, conditions, expected] of cases) {
    it(title, () => {
      assert.equal(why(...conditions), expected);
    });
  }
});
