import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { wireJwt } from '../../fixtures/jwts.ts';
import { execute } from '../../runs/execute.ts';
import { check, fixes, keyIn } from '../migrating-cluster.ts';

function inOrderOfText(one: string, other: string): number {
  return one.localeCompare(other);
}

describe('migrate check moves keys and JWTs:', () => {
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

  it('a long name is cut at a place where a name is allowed to end', () => {
    for (const end of ['.', '-', '--']) {
      const part = 'a'.repeat(240 - end.length);
      const long = `${part}${end}rest`;
      const inMap = { key: { configMap: { name: long, key: 'key.pem' } } };
      const found = check({ jwts: [wireJwt({}, { metadata: { name: long } }), wireJwt(inMap)] });
      const made = found.flatMap(({ commands }) =>
        commands.flatMap((command) => /create secret generic (\S+) /.exec(command)?.[1] ?? []),
      );
      assert.deepEqual(made.toSorted(inOrderOfText), [part, `${part}-key`]);
    }
  });

  it('a ConfigMap in a namespace with an impossible name is not moved by a command', () => {
    const map = { name: 'keys', key: 'key.pem', namespace: 'a.b' };
    const [found] = check({ jwts: [wireJwt({ key: { configMap: map } })] });
    assert.match(found?.why ?? '', /not a valid name of a ConfigMap/);
    assert.deepEqual(found?.commands, ['kubectl edit jwt my-jwt -n science']);
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
      fromMap('f', 'e-key'), // the name that the JWT before would get
      inline('g'), // its g-key exists
      wireJwt(keyIn('shared-2'), { metadata: { name: 'h' } }), // its name is in use
    ];
    const found = check({ jwts, secrets: { 'science/g-key': {} } });
    const commands = [...new Set(found.flatMap((finding) => finding.commands))];
    const text = commands.join('\n');
    const made = [...text.matchAll(/create secret generic (\S+) /g)].map(([, name = '']) => name);
    assert.deepEqual(made.toSorted(inOrderOfText), [
      'e-2',
      'e-key',
      'e-key-2',
      'g-key-2',
      'shared',
      'shared-2',
      'shared-3',
    ]);
    const patches = [...text.matchAll(/kubectl patch jwt (\S+) .*?-p '(.*?)'/g)];
    const patched = patches.map(([, name = '']) => name);
    assert.deepEqual(patched.toSorted(inOrderOfText), ['a', 'b', 'c', 'd', 'e', 'f', 'g']);
    for (const [, , patch] of patches) assert.match(patch ?? '', /"namespace":"science"/);
  });

  it('a key of which kubectl apply keeps a copy is reported, also after it was moved', () => {
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

  it('the JWTs of a Cluster-scoped CRD are exported to files that only the caller can read, before it is deleted', () => {
    const [found] = fixes({ more: { api: { namespaced: false, hasStatus: false } } });
    const [command = '', ...more] = found?.commands ?? [];
    assert.deepEqual(more, []);
    assert.match(
      command,
      /^test -d deploy\/kustomize\/crd && \(umask 077 && set -C && kubectl get \S+ -o yaml > jwts-exported.yaml && /,
    );
    assert.doesNotMatch(command, /;|kubectl get[^&]*\|/, 'no part runs after one that failed');
    assert.ok(command.indexOf('test -s jwts.yaml && ') < command.indexOf('kubectl delete crd'));
  });

  describe('JWTs of a Cluster-scoped CRD that have finalizers', () => {
    const jwt = wireJwt({}, { metadata: { finalizers: ['kopf.zalando.org/KopfFinalizerMarker'] } });
    const [found] = fixes({ jwts: [jwt], more: { api: { namespaced: false, hasStatus: false } } });

    /**
     * The requests to kubectl, in a folder with or without our CRD; requests that begin with `failing` fail.
     */
    async function run(failing: string, hasCrd = true): Promise<readonly string[]> {
      const folder = await mkdtemp(join(tmpdir(), 'jwt-injector-test-'));
      try {
        const kubectl = `#!/bin/sh\necho "$*" >> "$LOG"\ncase "$*" in "$FAILING"*) exit 1;; esac\ncase "$*" in *name) echo jwt/a; echo jwt/b;; *) echo kind: List;; esac\n`;
        await writeFile(join(folder, 'kubectl'), kubectl, { mode: 0o755 });
        const log = join(folder, 'log');
        await writeFile(log, '');
        if (hasCrd) await mkdir(join(folder, 'deploy/kustomize/crd'), { recursive: true });
        const env = { PATH: `${folder}:${process.env['PATH']}`, LOG: log, FAILING: failing };
        const options = { cwd: folder, env };
        await execute('sh', ['-c', found?.commands.join('\n') ?? ''], options).catch(() => undefined);
        return (await readFile(log, 'utf8')).trim().split('\n');
      } finally {
        await rm(folder, { recursive: true });
      }
    }

    it('lose them before the CRD is deleted', async () => {
      const asked = await run('nothing');
      assert.deepEqual(
        asked.slice(0, 5).map((line) => line.replace(/ -o .*| --type.*}}/, '')),
        [
          'get jwts.tokens.osg-htc.org',
          'get jwts.tokens.osg-htc.org',
          'patch jwt/a',
          'patch jwt/b',
          'delete crd jwts.tokens.osg-htc.org',
        ],
      );
    });

    it('are not changed if the file of our CRD is missing', async () => {
      assert.deepEqual(await run('nothing', false), ['']);
    });

    it('keep their CRD when they cannot be listed, or one of them cannot be patched', async () => {
      for (const failing of [
        'get jwts.tokens.osg-htc.org -o yaml',
        'get jwts.tokens.osg-htc.org -o name',
        'patch --type=merge -p {"metadata":{"finalizers":null}} jwt/a',
      ]) {
        const asked = await run(failing);
        assert.ok(
          asked.length > 0 && asked.every((line) => !line.startsWith('delete')),
          `${failing}: ${asked.join(', ')}`,
        );
      }
    });
  });
});
