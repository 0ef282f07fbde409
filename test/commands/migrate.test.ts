import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { wireJwt } from '../fixtures/jwts.ts';
import { check, fixes, keyIn } from './migrating-cluster.ts';

const FINALIZER = 'kopf.zalando.org/KopfFinalizerMarker';
const served = { status: { observedGeneration: 1 } };

describe('migrate check finds', () => {
  it('nothing in an empty cluster', () => {
    assert.deepEqual(check({}), []);
    const jwt = wireJwt(keyIn('my-key', 'science'));
    assert.deepEqual(check({ jwts: [jwt], secrets: { 'science/my-key': {} } }), []);
  });

  it('one grant for all namespaces that need a key, in addition to those that have it', () => {
    const jwts = ['b', 'a'].map((namespace) => wireJwt(keyIn('shared', 'keys'), { metadata: { namespace } }));
    const annotations = { 'tokens.osg-htc.org/allowed-namespaces': 'old, a' };
    const found = fixes({ jwts, secrets: { 'keys/shared': { annotations } } });
    assert.deepEqual(
      found.map(({ object, reason }) => [object, reason]),
      [['JWT b/my-jwt', 'KeyNotGranted']],
    );
    assert.deepEqual(found[0]?.commands, [
      'kubectl annotate secret shared -n keys --overwrite tokens.osg-htc.org/allowed-namespaces=old,a,b',
    ]);
  });

  it('a key without a namespace, which token-manager read from default', () => {
    const jwt = wireJwt(keyIn('my-key'));
    const [found, ...more] = fixes({ jwts: [jwt], secrets: { 'default/my-key': {} } });
    assert.deepEqual(more, []);
    assert.match(
      found?.why ?? '',
      /token-manager read Secret default\/my-key, jwt-injector looks for science\/my-key/,
    );
    assert.deepEqual(found?.commands, [
      'kubectl annotate secret my-key -n default --overwrite tokens.osg-htc.org/allowed-namespaces=science && ' +
        `kubectl patch jwt my-jwt -n science --type=merge -p '{"spec":{"key":{"secret":{"namespace":"default"}}}}'`,
    ]);
    const legacy = { legacyKeyNamespace: 'default' };
    const [granted] = fixes({ jwts: [jwt], secrets: { 'default/my-key': {} }, more: legacy });
    assert.equal(granted?.reason, 'KeyNotGranted');
  });

  describe('with --legacy-key-namespace of another namespace than default', () => {
    const more = { legacyKeyNamespace: 'keys' };

    it('a key that token-manager would read from default after a roll-back', () => {
      const annotations = { 'tokens.osg-htc.org/allowed-namespaces': 'science' };
      const [note, ...others] = check({
        jwts: [wireJwt(keyIn('my-key'))],
        secrets: { 'keys/my-key': { annotations } },
        more,
      });
      assert.deepEqual([note?.level, note?.reason, others], ['note', 'KeyNamespace', []]);
      assert.match(note?.why ?? '', /after a roll-back token-manager would read Secret default\/my-key/);
      assert.deepEqual(note?.commands, [
        `kubectl patch jwt my-jwt -n science --type=merge -p '{"spec":{"key":{"secret":{"namespace":"keys"}}}}'`,
      ]);
    });

    it('a key that is only in default, where token-manager read it', () => {
      const jwts = ['science', 'default'].map((namespace) =>
        wireJwt(keyIn('my-key'), { metadata: { namespace } }),
      );
      const secrets = { 'default/my-key': {} };
      const patch = `--type=merge -p '{"spec":{"key":{"secret":{"namespace":"default"}}}}'`;
      const grant =
        'kubectl annotate secret my-key -n default --overwrite tokens.osg-htc.org/allowed-namespaces=science';
      const [science] = fixes({ jwts, secrets, more });
      assert.match(
        science?.why ?? '',
        /token-manager read Secret default\/my-key, jwt-injector looks for keys\/my-key/,
      );
      assert.deepEqual(science?.commands, [
        `${grant} && kubectl patch jwt my-jwt -n science ${patch} && kubectl patch jwt my-jwt -n default ${patch}`,
      ]);
      const [own] = fixes({ jwts: jwts.slice(1), secrets, more });
      assert.deepEqual(own?.commands, [`kubectl patch jwt my-jwt -n default ${patch}`]);
    });

    it('a missing key, and one whose Secret has the name of the Secret for the token', () => {
      const create =
        'kubectl create secret generic my-jwt -n keys --from-file=key.pem=KEYFILE && ' +
        'kubectl annotate secret my-jwt -n keys tokens.osg-htc.org/allowed-namespaces=';
      const [nowhere] = fixes({ jwts: [wireJwt(keyIn('my-jwt'))], more });
      assert.deepEqual(nowhere?.commands, [`${create}science`]);
      const jwt = wireJwt(keyIn('my-jwt'), { metadata: { namespace: 'default' } });
      const [own] = fixes({ jwts: [jwt], secrets: { 'default/my-jwt': {} }, more });
      assert.deepEqual(own?.commands, [`${create}default`]);
    });
  });

  it('the same name in both namespaces, as a remark', () => {
    const found = check({
      jwts: [wireJwt(keyIn('my-key'))],
      secrets: { 'default/my-key': {}, 'science/my-key': {} },
    });
    assert.deepEqual(
      found.map(({ level, reason }) => [level, reason]),
      [['note', 'KeyNamespace']],
    );
    // It may be one that keygen made, in a cluster that never had token-manager.
    assert.match(found[0]?.why ?? '', /^if token-manager signed for it, it read the key from Secret default/);
  });

  it('a key in default that the caller is not allowed to read, with a grant that replaces nothing', () => {
    const [found] = fixes({ jwts: [wireJwt(keyIn('my-key'))], secrets: { 'default/my-key': 'forbidden' } });
    assert.match(
      found?.commands[0] ?? '',
      /^kubectl annotate secret my-key -n default tokens\.osg-htc\.org\/allowed-namespaces=science && /,
    );
  });

  it('a missing key, and one that no JWT is allowed to use', () => {
    const [nowhere] = fixes({ jwts: [wireJwt(keyIn('my-key', 'keys'))] });
    assert.deepEqual(nowhere?.commands, [
      'kubectl create secret generic my-key -n keys --from-file=key.pem=KEYFILE && ' +
        'kubectl annotate secret my-key -n keys tokens.osg-htc.org/allowed-namespaces=science',
    ]);
    const annotations = { 'tokens.osg-htc.org/max-lifetime': '1h' };
    const [denied] = fixes({
      jwts: [wireJwt(keyIn('my-key'))],
      secrets: { 'science/my-key': { annotations } },
    });
    assert.equal(denied?.reason, 'PolicyDenied');
    assert.deepEqual(denied?.commands, [
      'kubectl annotate secret my-key -n science tokens.osg-htc.org/max-lifetime-',
    ]);
  });

  it('nothing in Secrets that the caller is not allowed to see', () => {
    const jwts = [wireJwt(keyIn('shared', 'keys'))];
    assert.deepEqual(
      check({ jwts, secrets: { 'keys/shared': 'forbidden', 'science/my-jwt': 'forbidden' } }),
      [],
    );
  });

  it('a Secret that another object controls, and that cannot be handed over', () => {
    const ownerReferences = [{ kind: 'Certificate', name: 'c', uid: 'u', controller: true }];
    const jwts = [wireJwt(keyIn('my-key', 'science'))];
    const [found] = fixes({ jwts, secrets: { 'science/my-key': {}, 'science/my-jwt': { ownerReferences } } });
    assert.equal(found?.reason, 'SecretConflict');
    assert.match(
      found?.why ?? '',
      /belongs to Certificate c and is left untouched: create this JWT under another/,
    );
    assert.deepEqual(found?.commands, []);
  });

  it('nothing in objects that token-manager keeps for itself', () => {
    const uid = '5a0e6d1c-0000-4000-8000-000000000001';
    const metadata = {
      annotations: { 'tokens.osg-htc.org/last-signing-time': '1743630000.123' },
      ownerReferences: [
        { apiVersion: 'tokens.osg-htc.org/v1', kind: 'JWT', name: 'my-jwt', uid, controller: true },
      ],
    };
    const secrets = { 'science/my-key': {}, 'science/my-jwt': metadata };
    assert.deepEqual(check({ jwts: [wireJwt(keyIn('my-key', 'science'))], secrets }), []);
  });

  it('claims that should not be signed', () => {
    const specs = [{ expiryTime: { days: 0 } }, { data: { uid: 2 ** 60 } }, { data: { iss: 7 } }];
    for (const spec of specs) {
      const [found] = fixes({
        jwts: [wireJwt({ ...keyIn('my-key'), ...spec })],
        secrets: { 'science/my-key': {} },
      });
      assert.equal(found?.reason, 'ClaimsInvalid');
      assert.deepEqual(found?.commands, ['kubectl edit jwt my-jwt -n science']);
    }
  });

  it('remarks in the order of docs/migration.md: first leftovers of token-manager, then optional steps', () => {
    const copy = JSON.stringify({ spec: { key: { value: 'a private key' } } });
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': copy };
    const jwt = wireJwt(
      { resignBefore: { days: 2 } },
      { metadata: { annotations, finalizers: [FINALIZER] } },
    );
    const deployment = { namespace: 'ops', name: 'token-manager', release: undefined, replicas: 0 };
    const peering = { resource: 'clusterkopfpeerings.kopf.dev', namespace: undefined, name: 'default' };
    assert.deepEqual(
      check({ jwts: [jwt], more: { deployments: [deployment], peerings: [peering] } }).map(
        ({ reason }) => reason,
      ),
      [
        'TokenManagerInstalled',
        'KopfLeftovers',
        'KopfPeering',
        'RenewalClamped',
        'KeyInResource',
        'KeyInAnnotation',
      ],
    );
  });

  it('a grant beyond 16 KiB, which has no effect, and which no command must overwrite', () => {
    const annotations = { 'tokens.osg-htc.org/allowed-namespaces': `science,${'x'.repeat(16_384)}` };
    const jwts = [wireJwt(keyIn('shared', 'keys'))];
    const [found, ...more] = fixes({ jwts, secrets: { 'keys/shared': { annotations } } });
    assert.deepEqual([found?.reason, more], ['KeyNotGranted', []]);
    assert.deepEqual(found?.commands, ['kubectl edit secret shared -n keys']);
  });

  it('JWTs that were never renewed, as long as jwt-injector has not processed them', () => {
    const spec = { ...keyIn('my-key', 'science'), resignBefore: undefined };
    const secrets = { 'science/my-key': {} };
    const [note] = check({ jwts: [wireJwt(spec)], secrets });
    assert.deepEqual([note?.level, note?.reason], ['note', 'NeverRenewed']);
    assert.match(note?.why ?? '', /jwt-injector renews it 12 h before it expires/);
    assert.deepEqual(check({ jwts: [wireJwt(spec, served)], secrets }), []);
  });

  it('token-manager, which is stopped first, and removed at the end with the tool that installed it', () => {
    const deployment = { namespace: 'ops', name: 'token-manager', release: 'tm', replicas: 1 };
    const api = { namespaced: true, hasStatus: false };
    const found = check({
      jwts: [
        wireJwt(
          { key: { configMap: { name: 'k', key: 'key.pem' } } },
          { metadata: { finalizers: [FINALIZER] } },
        ),
      ],
      more: {
        api,
        deployments: [
          deployment,
          { ...deployment, replicas: 0 },
          { ...deployment, release: undefined, replicas: 0 },
        ],
      },
    });
    assert.deepEqual(
      found.map(({ level, reason }) => [level, reason]),
      [
        ['fix', 'TokenManagerRuns'],
        ['fix', 'OldSchema'],
        ['fix', 'KeyUnreadable'],
        ['note', 'TokenManagerInstalled'],
        ['note', 'TokenManagerInstalled'],
        ['note', 'KopfLeftovers'],
      ],
    );
    const commands = found.flatMap((finding) => finding.commands);
    assert.equal(commands[0], 'kubectl scale deployment token-manager -n ops --replicas=0');
    assert.deepEqual(commands.slice(-3), [
      'helm uninstall tm -n ops',
      'kubectl delete deployment token-manager -n ops',
      'jwt-injector migrate clean -n science',
    ]);
  });

  it('that Helm would delete the CRD together with token-manager', () => {
    const deployments = [{ namespace: 'ops', name: 'token-manager', release: 'tm', replicas: 0 }];
    const [found] = check({ more: { deployments, crdInRelease: true } });
    assert.deepEqual(found?.commands, ['kubectl delete deployment token-manager -n ops']);
    assert.match(found?.why ?? '', /not by helm uninstall: the CRD may belong to the release/);
  });

  it('names that no Secret can have, and makes no command with them', () => {
    const spec = { key: { secret: { name: "x'; rm -rf /; '", key: 'key.pem' } } };
    const maps = { key: { configMap: { name: '$(reboot)', key: 'a b' } } };
    for (const jwt of [wireJwt(spec), wireJwt(maps)]) {
      const [found] = fixes({ jwts: [jwt] });
      assert.deepEqual(found?.commands, ['kubectl edit jwt my-jwt -n science']);
    }
  });
});
