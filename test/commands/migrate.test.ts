import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import type { SecretLook } from '../../src/commands/cluster/connect-secret.ts';
import { moveKey, quoteShell } from '../../src/commands/migrate/commands.ts';
import type { Finding, MigrationFacts } from '../../src/commands/migrate/facts.ts';
import { findKeyCopies, findLegacyMarks } from '../../src/commands/migrate/marks.ts';
import { findLeftovers } from '../../src/commands/migrate/rules.ts';
import { migrateCommand } from '../../src/commands/migrate.ts';
import { KubeError } from '../../src/kube/errors.ts';
import { parseJwt } from '../../src/resources/jwt.ts';
import { parseSecretMetadata } from '../../src/resources/secret.ts';
import { wireJwt } from '../fixtures/jwts.ts';
import { runCommand } from './captured-io.ts';

interface Cluster {
  readonly jwts?: readonly ReturnType<typeof wireJwt>[];
  /** Metadata by namespace/name; `'forbidden'` for one that the caller may not see. */
  readonly secrets?: Readonly<Record<string, Record<string, unknown> | 'forbidden'>>;
  readonly more?: Partial<MigrationFacts>;
}

function check({ jwts = [], secrets = {}, more = {} }: Cluster): readonly Finding[] {
  const look = (id: string): SecretLook => {
    const metadata = secrets[id];
    if (metadata === undefined) return { state: 'absent' };
    const [namespace = '', name = ''] = id.split('/');
    if (metadata !== 'forbidden') {
      return {
        state: 'found',
        metadata: parseSecretMetadata({ metadata: { namespace, name, ...metadata } }),
      };
    }
    const error = new KubeError({
      verb: 'get',
      resource: 'secrets',
      namespace,
      status: 403,
      reason: 'Forbidden',
    });
    return { state: 'forbidden', error };
  };
  return findLeftovers({
    api: { namespaced: true, hasStatus: true },
    jwts: jwts.map((object) => {
      const jwt = parseJwt(object);
      if (!jwt.ok) throw new Error(jwt.problem);
      return {
        jwt: jwt.value,
        spec: object.spec,
        marks: findLegacyMarks(object),
        keyCopies: findKeyCopies(object),
      };
    }),
    secret: (namespace, name) => look(`${namespace}/${name}`),
    deployments: [],
    crdInRelease: false,
    peerings: [],
    legacyKeyNamespace: undefined,
    namespace: 'science',
    ...more,
  });
}

const keyIn = (name: string, namespace?: string) => ({
  key: { secret: { name, key: 'key.pem', ...(namespace === undefined ? {} : { namespace }) } },
});
const fixes = (cluster: Cluster): readonly Finding[] => check(cluster).filter(({ level }) => level === 'fix');
const FINALIZER = 'kopf.zalando.org/KopfFinalizerMarker';
const served = { status: { observedGeneration: 1 } };

describe('what migrate check finds', () => {
  it('nothing where there is nothing', () => {
    assert.deepEqual(check({}), []);
    const jwt = wireJwt(keyIn('my-key', 'science'));
    assert.deepEqual(check({ jwts: [jwt], secrets: { 'science/my-key': {} } }), []);
  });

  it('one grant for all namespaces that need a key, beside those that have it', () => {
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

  it('the same name in both namespaces is a remark', () => {
    const found = check({
      jwts: [wireJwt(keyIn('my-key'))],
      secrets: { 'default/my-key': {}, 'science/my-key': {} },
    });
    assert.deepEqual(
      found.map(({ level, reason }) => [level, reason]),
      [['note', 'KeyNamespace']],
    );
  });

  it('a key in default that the caller may not see is granted without replacing anything', () => {
    const [found] = fixes({ jwts: [wireJwt(keyIn('my-key'))], secrets: { 'default/my-key': 'forbidden' } });
    assert.match(
      found?.commands[0] ?? '',
      /^kubectl annotate secret my-key -n default tokens\.osg-htc\.org\/allowed-namespaces=science && /,
    );
  });

  it('a key that is nowhere, and one that nobody may use', () => {
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

  it('Secrets that the caller may not see are no finding', () => {
    const jwts = [wireJwt(keyIn('shared', 'keys'))];
    assert.deepEqual(
      check({ jwts, secrets: { 'keys/shared': 'forbidden', 'science/my-jwt': 'forbidden' } }),
      [],
    );
  });

  it('a Secret that somebody else controls cannot be handed over', () => {
    const ownerReferences = [{ kind: 'Certificate', name: 'c', uid: 'u', controller: true }];
    const jwts = [wireJwt(keyIn('my-key', 'science'))];
    const [found] = fixes({ jwts, secrets: { 'science/my-key': {}, 'science/my-jwt': { ownerReferences } } });
    assert.equal(found?.reason, 'SecretConflict');
    assert.match(
      found?.why ?? '',
      /belongs to Certificate c: it is left untouched\. Create the JWT under another name/,
    );
    assert.deepEqual(found?.commands, []);
  });

  it('what token-manager left itself is its own', () => {
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

  it('claims that nobody should sign', () => {
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

  it('renewals that were none, as long as nobody has looked at the JWT', () => {
    const spec = { ...keyIn('my-key', 'science'), resignBefore: undefined };
    const secrets = { 'science/my-key': {} };
    const [note] = check({ jwts: [wireJwt(spec)], secrets });
    assert.deepEqual([note?.level, note?.reason], ['note', 'NeverRenewed']);
    assert.match(note?.why ?? '', /jwt-injector does so 12 h before it expires/);
    assert.deepEqual(check({ jwts: [wireJwt(spec, served)], secrets }), []);
  });

  it('token-manager is stopped first, and removed by what installed it when all is done', () => {
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
        ['note', 'KopfMarks'],
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

  it('Helm is not to delete the CRD together with token-manager', () => {
    const deployments = [{ namespace: 'ops', name: 'token-manager', release: 'tm', replicas: 0 }];
    const [found] = check({ more: { deployments, crdInRelease: true } });
    assert.deepEqual(found?.commands, ['kubectl delete deployment token-manager -n ops']);
    assert.match(found?.why ?? '', /not by helm uninstall: the CRD may belong to the release/);
  });

  it('a key in the Secret of its token is moved, never deleted or handed over', () => {
    const secrets = { 'science/my-jwt': {} };
    for (const namespace of [undefined, 'science']) {
      const [found, ...more] = fixes({ jwts: [wireJwt(keyIn('my-jwt', namespace))], secrets });
      assert.deepEqual([found?.reason, more], ['SecretConflict', []]);
      assert.doesNotMatch(`${found?.why} ${found?.commands.join(' ')}`, /delete|adopt|hand it over/);
      assert.match(
        found?.commands[0] ?? '',
        /^\(key=\$\(kubectl get secret my-jwt .* create secret generic my-jwt-key /,
      );
    }
    assert.deepEqual(fixes({ jwts: [wireJwt(keyIn('my-jwt', 'science'))] })[0]?.commands, []);
  });

  it('keys that are moved get names of their own, and their JWTs the namespace', () => {
    const fromMap = (name: string, map: string, namespace = 'default') =>
      wireJwt({ key: { configMap: { name: map, key: 'key.pem', namespace } } }, { metadata: { name } });
    const inline = (name: string) => wireJwt({}, { metadata: { name } });
    const jwts = [
      fromMap('a', 'shared'), // both of these share a Secret
      fromMap('b', 'shared'),
      fromMap('c', 'shared', 'other'), // another key of the same name
      fromMap('d', 'e'), // the name of a JWT
      inline('e'),
      fromMap('f', 'e-key'), // what the one before would be called
      inline('g'), // there is a g-key
      wireJwt(keyIn('shared-2'), { metadata: { name: 'h' } }), // told to be made
    ];
    const found = check({ jwts, secrets: { 'science/g-key': {} } });
    const commands = [...new Set(found.flatMap((finding) => finding.commands))];
    const made = commands.flatMap((command) =>
      [...command.matchAll(/create secret generic (\S+) /g)].map(([, name]) => name),
    );
    assert.deepEqual(made.toSorted(), [
      'e-2',
      'e-key',
      'e-key-2',
      'g-key-2',
      'shared',
      'shared-2',
      'shared-3',
    ]);
    const patches = commands.flatMap((command) => [
      ...command.matchAll(/kubectl patch jwt (\S+) .*?-p '(.*?)'/g),
    ]);
    assert.deepEqual(patches.map(([, name]) => name).toSorted(), ['a', 'b', 'c', 'd', 'e', 'f', 'g']);
    for (const [, , patch] of patches) assert.match(patch ?? '', /"namespace":"science"/);
  });

  it('a key that kubectl apply keeps a copy of is named, also after it was moved', () => {
    const copy = JSON.stringify({ spec: { key: { value: 'a private key' } } });
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': copy };
    const jwt = wireJwt(keyIn('my-key', 'science'), { metadata: { annotations } });
    const [note] = check({ jwts: [jwt], secrets: { 'science/my-key': {} } });
    assert.equal(note?.reason, 'KeyInAnnotation');
    assert.match(note?.why ?? '', /last-applied-configuration holds a private key/);
    assert.deepEqual(note?.commands, [
      'kubectl annotate jwt my-jwt -n science kubectl.kubernetes.io/last-applied-configuration-',
    ]);
  });

  it('the JWTs of a Cluster-scoped CRD are exported to files of the caller alone, before it is deleted', () => {
    const [found] = fixes({ more: { api: { namespaced: false, hasStatus: false } } });
    const [command = '', ...more] = found?.commands ?? [];
    assert.deepEqual(more, []);
    assert.match(command, /^\(umask 077 && set -C && kubectl get \S+ -o yaml > jwts-exported.yaml && /);
    assert.doesNotMatch(command, /;|kubectl get[^&]*\|/, 'no part runs after one that failed');
    assert.ok(command.indexOf('test -s jwts.yaml && ') < command.indexOf('kubectl delete crd'));
  });

  it('names that no Secret can have lead to no command with them', () => {
    const spec = { key: { secret: { name: "x'; rm -rf /; '", key: 'key.pem' } } };
    const maps = { key: { configMap: { name: '$(reboot)', key: 'a b' } } };
    for (const jwt of [wireJwt(spec), wireJwt(maps)]) {
      const [found] = fixes({ jwts: [jwt] });
      assert.deepEqual(found?.commands, ['kubectl edit jwt my-jwt -n science']);
    }
  });
});

it('quoteShell makes one word of anything', async () => {
  for (const text of ["a'b", '$(x) `y` "z"', 'a b\nc', '', '{"a":1}', String.raw`\.`]) {
    const { stdout } = await promisify(execFile)('sh', ['-c', `printf %s ${quoteShell(text)}`]);
    assert.equal(stdout, text);
  }
});

describe('the command that moves a key', () => {
  const move = (source: string, next: string): string =>
    moveKey(source, { namespace: 'n', name: 's', key: 'key.pem' }, next);

  /** A kubectl that keeps what it is given to create, and fails if told to. */
  async function run(command: string, createFails = false) {
    const shim = `kubectl() { cat > /dev/null; echo created; ${createFails ? 'return 1' : 'return 0'}; }`;
    const { stdout } = await promisify(execFile)('sh', ['-c', `${shim}\n${command}; echo "[$key]"`]);
    return stdout;
  }

  it('makes the Secret, then goes on, and leaves no key behind in the shell', async () => {
    assert.equal(await run(move('echo KEY', 'echo next')), 'created\nnext\n[]\n');
  });

  it('does nothing more once a part failed', async () => {
    assert.equal(await run(move('false', 'echo next')), '[]\n');
    assert.equal(await run(move('true', 'echo next')), '[]\n', 'there is no key');
    assert.equal(await run(move('echo KEY', 'echo next'), true), 'created\n[]\n');
  });
});

describe('how migrate is used', () => {
  const wrong = [
    [],
    ['run'],
    ['check', 'x'],
    ['check', '-A', '-n', 'x'],
    ['check', '-o', 'csv'],
    ['check', '--dry-run'],
    ['clean', 'x'],
    ['clean', '--legacy-key-namespace', 'x'],
  ];
  for (const args of wrong) {
    it(`wrong usage (${args.join(' ')}): exit code 2 and the help`, async () => {
      const { code, out, err } = await runCommand(migrateCommand, args);
      assert.deepEqual([code, out], [2, '']);
      assert.match(err, /^error: .*\n\nUsage: jwt-injector migrate check/s);
    });
  }

  it('--help explains, exit code 0', async () => {
    const { code, out } = await runCommand(migrateCommand, ['--help']);
    assert.equal(code, 0);
    assert.match(out, /^Usage: jwt-injector migrate check/);
  });
});
