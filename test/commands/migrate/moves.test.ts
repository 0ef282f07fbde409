import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { wireJwt } from '../../fixtures/jwts.ts';
import { check, fixes, keyIn } from '../migrating-cluster.ts';

function inOrderOfText(one: string, other: string): number {
  return one.localeCompare(other);
}

describe('keys and JWTs that migrate check moves', () => {
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
});
