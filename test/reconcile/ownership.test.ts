import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SecretObservation } from '../../src/reconcile/observed.ts';
import {
  describeConflict,
  describeOwner,
  findOwnership,
  type Ownership,
} from '../../src/reconcile/ownership.ts';
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

describe('the message about a Secret that is not ours', () => {
  it('names the ways out, and the namespace in the command', () => {
    const message = describeConflict(jwt, ourSecret(jwt, 0, { owners: [], annotations: {} }));
    assert.match(message, /^Secret my-jwt exists and is not this JWT's: it is left untouched\. /);
    assert.match(
      message,
      /Create the JWT under another name; or delete the Secret if nobody needs it; or hand it over/,
    );
    assert.match(message, /kubectl annotate secret my-jwt -n science tokens.osg-htc.org\/adopt=my-jwt$/);
  });

  it('names the controller instead if there is one: handing over would have no effect', () => {
    const message = describeConflict(jwt, ourSecret(jwt, 0, { owners: [app, own], annotations: handedOver }));
    assert.match(message, /^Secret my-jwt belongs to App x and is left untouched: /);
    assert.match(message, /: create this JWT under another name, or that object with another Secret$/);
    assert.doesNotMatch(message, /adopt|hand it over/);
  });

  it('is limited for any name of the owner', () => {
    const owners = [{ ...app, kind: 'K'.repeat(10_000), name: `${'n'.repeat(10_000)}\n` }];
    const message = describeConflict(jwt, ourSecret(jwt, 0, { owners, annotations: {} }));
    assert.ok(message.length < 500);
    assert.ok(!message.includes('\n'));
    assert.equal(describeOwner({ kind: 'K\n', name: 'é~' }), 'K? ?~');
  });

  it('names an owner that is removed', () => {
    assert.match(describeConflict(jwt, ourSecret(jwt, 0, { owners: [older] })), /as soon as it is gone$/);
    assert.match(describeConflict(jwt, ourSecret(jwt, 0, { isDeleting: true })), /as soon as it is gone$/);
  });
});
