import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SecretObservation } from '../../src/reconcile/observed.ts';
import { findOwnership, type Ownership } from '../../src/reconcile/ownership.ts';
import { ADOPT, EXPIRES_AT, GROUP, OWNING_JWT, LAST_SIGNING_TIME } from '../../src/resources/names.ts';
import { makeJwt } from '../fixtures/jwts.ts';
import { ourSecret } from '../fixtures/observed.ts';

const jwt = makeJwt();
const own = { group: GROUP, kind: 'JWT', name: jwt.name, uid: jwt.uid, controller: true };
const older = { ...own, uid: 'older' };
const app = { group: 'example.org', kind: 'App', name: 'x', uid: 'y', controller: true };
const plain = { ...app, controller: false };
const signed = { [LAST_SIGNING_TIME]: '1800000000' };
const handedOver = { [ADOPT]: jwt.name };
const named = { ...signed, [OWNING_JWT]: 'science/my-jwt' };
const copied = { ...signed, [OWNING_JWT]: 'lab/my-jwt' };

describe('the Secret of a JWT’s name', () => {
  const cases: readonly (readonly [string, Partial<SecretObservation>, Ownership])[] = [
    ['with our owner reference, stripped of all else', { owners: [own], annotations: {} }, 'ours'],
    ['with our owner reference that controls nothing', { owners: [{ ...own, controller: false }] }, 'ours'],
    [
      'with our owner reference beside another controller',
      { owners: [app, own], annotations: {} },
      'foreign',
    ],
    [
      'with our uid in an owner of another API group',
      { owners: [{ ...own, group: '' }], annotations: {} },
      'foreign',
    ],
    [
      'with our uid in an owner of another kind',
      { owners: [{ ...own, kind: 'Jwt' }], annotations: {} },
      'foreign',
    ],

    ['that names this JWT, restored from a backup', { owners: [], annotations: named }, 'ours'],
    [
      'that names this JWT and nothing else',
      { owners: [], annotations: { [OWNING_JWT]: 'science/my-jwt' } },
      'ours',
    ],
    [
      'that names this JWT, beside an owner that controls nothing',
      { owners: [plain], annotations: named },
      'ours',
    ],
    [
      'that names this JWT, but controlled by something else',
      { owners: [app], annotations: named },
      'foreign',
    ],
    [
      'that names the JWT of another namespace, as a copy does',
      { owners: [], annotations: copied },
      'foreign',
    ],
    [
      'that names the JWT of another namespace, but ours by owner',
      { owners: [own], annotations: copied },
      'ours',
    ],
    [
      'that names another JWT',
      { owners: [], annotations: { ...signed, [OWNING_JWT]: 'science/z' } },
      'foreign',
    ],
    ['that names no JWT at all', { owners: [], annotations: { ...signed, [OWNING_JWT]: '' } }, 'foreign'],

    ['of before that annotation, by token-manager', { owners: [], annotations: signed }, 'ours'],
    [
      'of before that annotation, by us',
      { owners: [], annotations: { ...signed, [EXPIRES_AT]: '2027-01-16T08:00:00Z' } },
      'ours',
    ],
    [
      'of before it, with an owner that is not a controller',
      { owners: [plain], annotations: signed },
      'ours',
    ],
    ['of before it, but controlled by something else', { owners: [app], annotations: signed }, 'foreign'],

    ['owned by a JWT of this name that was deleted', { owners: [older], annotations: named }, 'predecessor'],
    [
      'owned by a thing of that kind in another API group',
      { owners: [{ ...older, group: 'example.org' }], annotations: named },
      'foreign',
    ],
    ['owned by a JWT of another name', { owners: [{ ...older, name: 'z' }], annotations: named }, 'foreign'],

    ['handed over', { owners: [], annotations: handedOver }, 'ours'],
    ['handed over, a copy though it is', { owners: [], annotations: { ...copied, ...handedOver } }, 'ours'],
    ['handed over to another JWT', { owners: [], annotations: { [ADOPT]: 'another' } }, 'foreign'],
    ['handed over, but controlled by something else', { owners: [app], annotations: handedOver }, 'foreign'],
    [
      'handed over, but controlled by a JWT that was deleted',
      { owners: [older], annotations: handedOver },
      'predecessor',
    ],
    ['with only our labels', { owners: [], annotations: {} }, 'foreign'],
  ];
  for (const [name, secret, expected] of cases) {
    it(`${name} is ${expected}`, () => {
      assert.equal(findOwnership(jwt, ourSecret(jwt, 0, secret)), expected);
    });
  }
});
