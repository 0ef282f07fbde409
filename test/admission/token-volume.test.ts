import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  findTokenVolumes,
  makeTokenVolume,
  secretsOf,
  volumeKind,
} from '../../src/admission/token-volume.ts';
import type { Json } from './pods.ts';

/** The volumes that show each token, with the file in each. */
function found(volumes: Readonly<Record<string, Json>>, tokens: readonly string[] = ['my-jwt']): unknown {
  return findTokenVolumes(new Map(Object.entries(volumes)), tokens).map((showing) =>
    Object.fromEntries([...showing].map(([volume, files]) => [volume, files.join(', ')])),
  );
}

const items = (...pairs: readonly (readonly [key: string, path: string])[]): Json => ({
  items: pairs.map(([key, path]) => ({ key, path })),
});
const secret = (more: Json = {}, secretName = 'my-jwt'): Json => ({ secret: { secretName, ...more } });
const source = (more: Json = {}, name = 'my-jwt'): Json => ({ secret: { name, ...more } });
const projected = (...sources: readonly unknown[]): Json => ({ projected: { sources } });

describe('a Secret volume shows the token', () => {
  const cases: Readonly<Record<string, readonly [Json, string | undefined]>> = {
    'whole, under the name of its key': [secret(), 'token'],
    'as an item': [secret(items(['token', 'a/jwt'])), 'a/jwt'],
    'as an item among others': [secret(items(['ca.crt', 'ca'], ['token', 'jwt'])), 'jwt'],
    'as both of two items': [secret(items(['token', 'one'], ['token', 'two'])), 'one, two'],
    'once, where two items have one path': [secret(items(['token', 'one'], ['token', './one'])), 'one'],
    'as the item whose path no other has later': [
      secret(items(['token', 'x'], ['token', 'y'], ['ca.crt', 'x'])),
      'y',
    ],
    'as the item that comes after another of its path': [secret(items(['ca.crt', 'x'], ['token', 'x'])), 'x'],
    'as eight of its items at most': [
      secret(items(...Array.from({ length: 9 }, (_, index) => ['token', `t${index}`] as const))),
      't0, t1, t2, t3, t4, t5, t6, t7',
    ],
    'unless its path is the directory itself': [secret(items(['token', '.'])), undefined],
    'by a path in need of cleaning': [secret(items(['token', './a//jwt'])), 'a/jwt'],
    'unless the key is not among its items': [secret(items(['ca.crt', 'token'])), undefined],
    'unless a later item has its path': [secret(items(['token', 'x'], ['ca.crt', 'x'])), undefined],
    'unless an item without a path is given': [secret(items(['token', ''])), undefined],
    'unless it is of another Secret': [secret({}, 'other'), undefined],
    'unless its Secret has no name': [{ secret: {} }, undefined],
  };
  for (const [title, [volume, file]] of Object.entries(cases))
    it(title, () => assert.deepEqual(found({ v: volume }), [file === undefined ? {} : { v: file }]));
});

describe('a projected volume shows the token', () => {
  const cases: Readonly<Record<string, readonly [sources: readonly unknown[], file: string | undefined]>> = {
    'of its Secret': [[source()], 'token'],
    'as an item': [[source(items(['token', 'a/jwt']))], 'a/jwt'],
    'beside sources that write elsewhere': [
      [{ configMap: items(['a', 'b']) }, source(), { serviceAccountToken: { path: 'sa' } }],
      'token',
    ],
    'beside a Secret whose items are elsewhere': [[source(), source(items(['a', 'b']), 'other')], 'token'],
    'at several paths': [[source(items(['token', 'one'])), source(items(['token', 'two']))], 'one, two'],
    'at several paths of one source': [[source(items(['token', 'one'], ['token', 'two']))], 'one, two'],
    'at eight paths at most': [
      Array.from({ length: 9 }, (_, index) => source(items(['token', `t${index}`]))),
      't0, t1, t2, t3, t4, t5, t6, t7',
    ],
    'beside a ConfigMap that has a Secret of nothing': [
      [source(), { secret: null, configMap: { name: 'a' } }],
      'token',
    ],
    'at the path that is left': [
      [source(items(['token', 'one'])), source(items(['token', 'two'])), { configMap: items(['a', 'one']) }],
      'two',
    ],
    'that comes after what it replaces': [[source({}, 'other'), source()], 'token'],
    'unless a whole Secret comes after it': [[source(), source({}, 'other')], undefined],
    'unless a ConfigMap writes there': [[source(), { configMap: items(['a', 'token']) }], undefined],
    'unless the downward API writes there': [[source(), { downwardAPI: items(['a', './token']) }], undefined],
    'unless a token of the ServiceAccount is there': [
      [source(), { serviceAccountToken: { path: 'token' } }],
      undefined,
    ],
    'unless a trust bundle is there': [[source(), { clusterTrustBundle: { path: '/token' } }], undefined],
    'unless a certificate is there': [[source(), { podCertificate: { keyPath: 'token' } }], undefined],
    'unless a chain is there': [[source(), { podCertificate: { certificateChainPath: 'token' } }], undefined],
    'unless a bundle is there': [
      [source(), { podCertificate: { credentialBundlePath: 'token' } }],
      undefined,
    ],
    'although a whole ConfigMap comes after it': [[source(), { configMap: { name: 'a' } }], 'token'],
    'unless no source is of its Secret': [[source({}, 'other'), 7, null], undefined],
  };
  for (const [title, [sources, file]] of Object.entries(cases))
    it(title, () =>
      assert.deepEqual(found({ v: projected(...sources) }), [file === undefined ? {} : { v: file }]),
    );

  it('for each of its Secrets', () => {
    const volume = projected(source(items(['token', 'a']), 'a'), source(items(['token', 'b']), 'b'));
    assert.deepEqual(found({ v: volume }, ['b', 'c', 'a']), [{ v: 'b' }, {}, { v: 'a' }]);
  });
});

it('Secret volumes come before projected ones, each in the order of the pod', () => {
  const volumes = { p: projected(source()), one: secret(), other: { emptyDir: {} }, two: secret() };
  const [showing] = findTokenVolumes(new Map(Object.entries(volumes)), ['my-jwt']);
  assert.deepEqual(
    [...(showing ?? [])],
    [
      ['one', ['token']],
      ['two', ['token']],
      ['p', ['token']],
    ],
  );
});

it('our volume only has the key, and the kubelet waits for the Secret', () => {
  assert.deepEqual(makeTokenVolume('a.b', 0o400), {
    name: 'jwt-a-b-2e7336dc',
    secret: {
      secretName: 'a.b',
      items: [{ key: 'token', path: 'token' }],
      defaultMode: 0o400,
      optional: false,
    },
  });
});

it('the kind of a volume is its member besides the name; without any, Kubernetes makes an empty directory', () => {
  assert.equal(volumeKind({ name: 'v', hostPath: { path: '/' } }), 'hostPath');
  assert.equal(volumeKind({ emptyDir: null, csi: {}, name: 'v' }), 'csi');
  assert.equal(volumeKind({ name: 'v' }), 'emptyDir');
});

it('a volume is made of the Secret, or of the Secrets among its sources, that it names', () => {
  assert.deepEqual(secretsOf(secret(items(['ca.crt', 'ca']), 'a')), ['a']);
  assert.deepEqual(secretsOf(projected(source({}, 'b'), { configMap: { name: 'x' } }, source({}, 'c'))), [
    'b',
    'c',
  ]);
  for (const none of [{ emptyDir: {} }, { secret: {} }, projected({ secret: {} })])
    assert.deepEqual(secretsOf(none), []);
});
