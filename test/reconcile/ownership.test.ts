import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SecretObservation } from '../../src/reconcile/observed.ts';
import { findOwnership, type Ownership } from '../../src/reconcile/ownership.ts';
import { ADOPT, LAST_SIGNING_TIME } from '../../src/resources/names.ts';
import { makeJwt } from '../fixtures/jwts.ts';
import { ourSecret } from '../fixtures/observed.ts';

const jwt = makeJwt();
const own = { kind: 'JWT', name: jwt.name, uid: jwt.uid, controller: true };
const older = { ...own, uid: 'older' };
const app = { kind: 'App', name: 'x', uid: 'y', controller: true };
const plain = { ...app, controller: false };
const signed = { [LAST_SIGNING_TIME]: '1800000000' };
const handedOver = { [ADOPT]: jwt.name };

describe('the Secret of a JWT’s name', () => {
  const cases: readonly (readonly [string, Partial<SecretObservation>, Ownership])[] = [
    ['with our owner reference, stripped of all else', { owners: [own], annotations: {} }, 'ours'],
    ['with our owner reference beside another controller', { owners: [app, own], annotations: {} }, 'ours'],
    ['with a signing time and no owner', { owners: [], annotations: signed }, 'ours'],
    [
      'with a signing time and an owner that is no controller',
      { owners: [plain], annotations: signed },
      'ours',
    ],
    [
      'with a signing time, but controlled by something else',
      { owners: [app], annotations: signed },
      'foreign',
    ],
    ['owned by a JWT of this name that was deleted', { owners: [older], annotations: signed }, 'predecessor'],
    ['owned by a JWT of another name', { owners: [{ ...older, name: 'z' }], annotations: signed }, 'foreign'],
    ['handed over', { owners: [], annotations: handedOver }, 'ours'],
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
