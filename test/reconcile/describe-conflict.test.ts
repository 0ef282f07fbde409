import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeConflict, describeOwner, explainConflict } from '../../src/reconcile/describe-conflict.ts';
import type { SecretObservation } from '../../src/reconcile/observed.ts';
import { ADOPT, ALLOWED_NAMESPACES, GROUP, RESERVED_POLICIES } from '../../src/resources/names.ts';
import { makeJwt } from '../fixtures/jwts.ts';
import { ourSecret } from '../fixtures/observed.ts';

const jwt = makeJwt();
const own = { group: GROUP, kind: 'JWT', name: jwt.name, uid: jwt.uid, controller: true };
const older = { ...own, uid: 'older' };
const app = { group: 'example.org', kind: 'App', name: 'x', uid: 'y', controller: true };

const describeSecret = (more: Partial<SecretObservation>): string =>
  describeConflict(jwt, ourSecret(jwt, 0, more), undefined);

describe('the message about a Secret that is not ours', () => {
  it('names the ways out, what each does, and the namespace in the command', () => {
    const message = describeSecret({ owners: [], annotations: {} });
    assert.match(message, /^Secret my-jwt exists and is not this JWT's: it is left untouched\. /);
    assert.match(
      message,
      /Create the JWT under another name; or delete the Secret if nobody needs it; or hand it over, which replaces its data key token, if it has one, and the labels and annotations that this JWT sets, and nothing else in it: /,
    );
    assert.match(message, /kubectl annotate secret my-jwt -n science tokens.osg-htc.org\/adopt=my-jwt$/);
  });

  it('names the controller instead if there is one: handing over would have no effect', () => {
    const message = describeSecret({ owners: [app, own], annotations: { [ADOPT]: jwt.name } });
    assert.match(message, /^Secret my-jwt belongs to App x and is left untouched: /);
    assert.match(message, /: create this JWT under another name, or that object with another Secret$/);
    assert.doesNotMatch(message, /adopt|hand it over/);
  });

  it('is limited for any name of the owner', () => {
    const owners = [{ ...app, kind: 'K'.repeat(10_000), name: `${'n'.repeat(10_000)}\n` }];
    const message = describeSecret({ owners, annotations: {} });
    assert.ok(message.length < 500);
    assert.ok(!message.includes('\n'));
    assert.equal(describeOwner({ kind: 'K\n', name: 'é~' }), 'K? ?~');
  });

  it('names an owner that is removed', () => {
    for (const more of [{ owners: [older] }, { isDeleting: true }])
      assert.equal(
        describeSecret(more),
        'Secret my-jwt is being deleted, and is not renewed: it is created again as soon as it is gone. If it stays, a ' +
          'finalizer holds it: ask those who set that finalizer; this shows which it is: ' +
          "kubectl get secret my-jwt -n science -o 'jsonpath={.metadata.finalizers}'",
      );
  });

  describe('never says to delete or to hand over a Secret that holds the key of a JWT,', () => {
    const SAFE = /: it is left untouched\. Create this JWT under another name$/;
    const foreign = ourSecret(jwt, 0, { owners: [], annotations: {} });

    it('and names that JWT', () => {
      const { why, command } = explainConflict(jwt, foreign, { jwt: 'JWT a' });
      assert.match(why, /^Secret my-jwt is not this JWT's, and JWT a signs with a key in it: /);
      assert.match(why, SAFE);
      assert.equal(command, undefined);
      const owned = ourSecret(jwt, 0, { owners: [app], annotations: {} });
      assert.doesNotMatch(describeConflict(jwt, owned, { jwt: 'JWT a' }), /adopt|delete/);
    });

    it('nor if its annotations, or JWTs that cannot be listed, let one be possible', () => {
      const terms = [ALLOWED_NAMESPACES, ...RESERVED_POLICIES].map((name) =>
        describeSecret({ owners: [], annotations: { [name]: '' } }),
      );
      for (const why of [...terms, describeConflict(jwt, foreign, { jwt: undefined })]) {
        assert.match(why, /^Secret my-jwt is not this JWT's, and a JWT may sign with a key in it: /);
        assert.match(why, SAFE);
      }
    });
  });
});
