import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { wireJwt } from '../../fixtures/jwts.ts';
import { fixes, keyIn } from '../migrating-cluster.ts';

describe('migrate check finds conflicts of Secrets:', () => {
  it('a Secret that is not the JWT’s, with the command that hands it over, unless it holds a key', () => {
    const secrets = { 'science/my-key': {}, 'science/my-jwt': {} };
    const jwt = wireJwt(keyIn('my-key', 'science'));
    const [found] = fixes({ jwts: [jwt], secrets });
    assert.equal(found?.reason, 'SecretConflict');
    assert.deepEqual(found?.commands, [
      'kubectl annotate secret my-jwt -n science tokens.osg-htc.org/adopt=my-jwt',
    ]);
    const other = (spec: object, namespace = 'science') =>
      wireJwt({ ...keyIn('my-jwt'), ...spec }, { metadata: { name: 'another', namespace } });
    const old = { ...secrets, 'default/my-jwt': {} };
    const byDefault = wireJwt(keyIn('my-key', 'science'), { metadata: { namespace: 'default' } });
    for (const [conflicting, user, all] of [
      [jwt, other({}), secrets],
      [jwt, other({ expiryTime: { days: 0 } }), secrets],
      [byDefault, other({}), old],
    ] as const) {
      const conflict = fixes({ jwts: [conflicting, user], secrets: all }).find(
        ({ reason }) => reason === 'SecretConflict',
      );
      assert.match(conflict?.why ?? '', /JWT science\/another signs with a key in it.* under another name$/);
      assert.deepEqual(conflict?.commands, []);
    }
  });

  it('a key in the Secret of the token, in a spec that cannot be served as well', () => {
    const jwts = [wireJwt({ ...keyIn('my-jwt', 'science'), expiryTime: { days: 0 } })];
    const commands = fixes({ jwts, secrets: { 'science/my-jwt': {} } }).flatMap(
      (finding) => finding.commands,
    );
    assert.ok(commands.length > 0 && commands.every((command) => !command.includes('adopt')));
  });
});
