import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  findKeyRefusal,
  keyVersionOf,
  locateKey,
  readGrants,
  readKeyText,
} from '../../src/reconcile/key-access.ts';
import { ALLOWED_NAMESPACES, RESERVED_POLICIES } from '../../src/resources/names.ts';
import { makeJwt } from '../fixtures/jwts.ts';

const jwt = makeJwt();
const near = { namespace: 'science', name: 'k', key: 'key.pem' };
const far = { namespace: 'vault', name: 'k', key: 'key.pem' };

describe('the place of a key', () => {
  const secret = { from: 'secret', name: 'k', key: 'key.pem' } as const;
  it('is the JWT’s own namespace, unless one is named or the administrator changed the default', () => {
    assert.equal(locateKey(jwt, secret, undefined)?.namespace, 'science');
    assert.equal(locateKey(jwt, secret, 'old')?.namespace, 'old');
    assert.equal(locateKey(jwt, { ...secret, namespace: 'vault' }, 'old')?.namespace, 'vault');
  });

  it('is not a Secret for a key in the JWT itself', () => {
    assert.equal(locateKey(jwt, { from: 'value', text: 'pem' }, 'old'), undefined);
  });
});

describe('the refusal of a key', () => {
  const grants: readonly (readonly [string | undefined, boolean])[] = [
    [undefined, false],
    ['', false],
    ['science', true],
    ['physics, science', true],
    ['*', true],
    [' science ', true],
    ['science2', false],
    ['Science', false],
    ['sci*', false],
    ['physics;science', false],
  ];
  for (const [grant, isGranted] of grants) {
    it(`of another namespace that grants ${grant ?? 'nothing'} ${isGranted ? 'does not come' : 'comes'}`, () => {
      const annotations = grant === undefined ? {} : { [ALLOWED_NAMESPACES]: grant };
      const reason = findKeyRefusal(jwt, far, { annotations })?.reason;
      assert.equal(reason, isGranted ? undefined : 'KeyNotGranted');
    });
  }

  it('of another namespace is not given while a list that is too long to keep possibly grants it', () => {
    assert.equal(findKeyRefusal(jwt, far, { annotations: {}, hasLongGrants: true }), undefined);
  });

  it('of another namespace has one text whether the Secret exists or not', () => {
    const absent = findKeyRefusal(jwt, far, undefined);
    assert.deepEqual(findKeyRefusal(jwt, far, { annotations: {} }), absent);
    // A reserved policy does not reveal whether the Secret exists, either.
    const annotations = { [RESERVED_POLICIES[0]]: 'x' };
    assert.deepEqual(findKeyRefusal(jwt, far, { annotations }), absent);
    assert.equal(
      absent?.message,
      'key Secret vault/k does not exist or is not granted to namespace science: ask its owner to add science to the annotation ' +
        ALLOWED_NAMESPACES,
    );
  });

  it('of the JWT’s own namespace names the command that creates the Secret', () => {
    const refusal = findKeyRefusal(jwt, near, undefined);
    assert.equal(refusal?.reason, 'KeyNotFound');
    assert.match(
      refusal?.message ?? '',
      /kubectl create secret generic k -n science --from-file=key\.pem=KEYFILE$/,
    );
    assert.equal(findKeyRefusal(jwt, near, { annotations: {} }), undefined, 'no grant is needed there');
  });

  it('is given for each policy that cannot be enforced, in the JWT’s own namespace and with a grant', () => {
    for (const policy of RESERVED_POLICIES) {
      assert.equal(findKeyRefusal(jwt, near, { annotations: { [policy]: '' } })?.reason, 'PolicyDenied');
      const annotations = { [policy]: 'x', [ALLOWED_NAMESPACES]: '*' };
      const refusal = findKeyRefusal(jwt, far, { annotations });
      assert.equal(refusal?.reason, 'PolicyDenied');
      assert.ok(refusal?.message.includes(policy));
    }
  });
});

describe('the grants of a key', () => {
  it('are the items of the annotation, and empty without it', () => {
    assert.deepEqual(readGrants(undefined), []);
    assert.deepEqual(readGrants(' physics,science '), ['physics', 'science']);
  });
});

describe('the version of a key', () => {
  it('changes with its Secret, and with the data key in the spec', () => {
    assert.equal(keyVersionOf({ uid: 'u', resourceVersion: '7' }, 'key.pem'), 'u/7/key.pem');
  });
});

describe('the text of a key', () => {
  it('is the decoded data key, or the problem names what is missing', () => {
    const data = { 'key.pem': Buffer.from('PEM\n').toString('base64') };
    assert.deepEqual(readKeyText({ data }, near), { ok: true, value: 'PEM\n' });
    for (const secret of [{ data: { other: 'eA==' } }, { data: {} }, {}, undefined]) {
      const text = readKeyText(secret, near);
      assert.ok(!text.ok && text.problem.reason === 'KeyNotFound');
      assert.match(text.problem.message, /science\/k has no data key "key\.pem"/);
    }
  });
});
