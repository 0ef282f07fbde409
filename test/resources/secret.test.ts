import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  dropDetails,
  hasOtherData,
  isTokenTooLong,
  parseOtherSecret,
  parseSecretMetadata,
  readSecretData,
  readSecretToken,
} from '../../src/resources/secret.ts';

const ADOPT = 'tokens.osg-htc.org/adopt';

const ours = (operation: string, manager = 'jwt-injector'): object => ({
  manager,
  operation,
  fieldsV1: {
    'f:metadata': {
      'f:labels': { 'f:team': {}, '.': {} },
      'f:annotations': { 'f:note': {}, 'f:tokens.osg-htc.org/expires-at': {} },
    },
  },
});

const secret = {
  metadata: {
    namespace: 'science',
    name: 'x',
    uid: 'u',
    resourceVersion: '7',
    labels: { team: 'a', other: 'b' },
    annotations: {
      note: 'n',
      'tokens.osg-htc.org/adopt': 'x',
      'kubectl.kubernetes.io/last-applied-configuration': '{"data":{"token":"secret"}}',
    },
    ownerReferences: [
      { apiVersion: 'tokens.osg-htc.org/v1', kind: 'JWT', name: 'x', uid: 'u1', controller: true },
      { uid: 'u2' },
      'junk',
    ],
    managedFields: [ours('Update'), ours('Apply', 'argocd'), ours('Apply')],
  },
  data: { token: 'YS5iLmM=', empty: '' },
};

/** The largest Secret that the API server accepts. */
function largeSecret(manager: string, length = 240_000): object {
  const many = (count: number, prefix: string): readonly string[] =>
    Array.from({ length: count }, (_, number) => `${prefix}${number}`);
  const long = 'x'.repeat(length);
  return {
    metadata: {
      namespace: 'science',
      name: 'large',
      uid: 'u',
      resourceVersion: '7',
      labels: Object.fromEntries(many(20_000, 'l').map((name) => [name, 'v'.repeat(40)])),
      annotations: {
        'tokens.osg-htc.org/allowed-namespaces': `${long},science`,
        'tokens.osg-htc.org/allowed-issuers': long,
        'tokens.osg-htc.org/allowed-scopes': long,
        'tokens.osg-htc.org/max-lifetime': long,
        'tokens.osg-htc.org/jwt': long,
        'tokens.osg-htc.org/adopt': long,
        'tokens.osg-htc.org/last-signing-time': long,
        'tokens.osg-htc.org/expires-at': long,
        'tokens.osg-htc.org/whatever': long,
        note: long,
      },
      ownerReferences: many(10_000, 'o').map((name) => ({
        apiVersion: 'tokens.osg-htc.org/v1',
        kind: 'JWT',
        name: name + long.slice(0, 240),
        uid: name,
      })),
      managedFields: [
        {
          manager,
          operation: 'Apply',
          fieldsV1: {
            'f:metadata': {
              'f:labels': Object.fromEntries(many(20_000, 'f:l').map((name) => [name, {}])),
              'f:annotations': { 'f:note': {} },
            },
          },
        },
      ],
    },
  };
}

describe('the stored parts of a Secret with any content', () => {
  it('are limited', () => {
    const sizes = ['kubectl', 'jwt-injector'].map(
      (manager) => JSON.stringify(parseSecretMetadata(largeSecret(manager))).length,
    );
    assert.ok((sizes[0] ?? 0) < 4_000, `${sizes[0]}`);
    assert.ok((sizes[1] ?? 0) < 60_000, `${sizes[1]}`);
  });

  it('are very small if no JWT has its name', () => {
    for (const manager of ['kubectl', 'jwt-injector'])
      for (const length of [240, 16_000, 240_000])
        assert.ok(JSON.stringify(parseOtherSecret(largeSecret(manager, length))).length < 4_000);
    const { labels, ours: owned, ...others } = parseOtherSecret(secret);
    assert.deepEqual([labels, owned], [{}, { labels: [], annotations: [] }]);
    assert.deepEqual(others.annotations, { 'tokens.osg-htc.org/adopt': 'x' });
    assert.equal(others.owners.length, 1);
  });

  it('show that an annotation that is too long exists, but it grants and names nothing', () => {
    const { annotations } = parseSecretMetadata(largeSecret('kubectl'));
    assert.equal(Object.keys(annotations).length, 8);
    assert.deepEqual([...new Set(Object.values(annotations))], ['(too long)']);
  });
});

describe('the stored parts of a Secret', () => {
  const metadata = parseSecretMetadata(secret);

  it('are its namespace, name and type, with its labels', () => {
    const { namespace, name, uid, resourceVersion, labels } = metadata;
    assert.deepEqual([namespace, name, uid, resourceVersion], ['science', 'x', 'u', '7']);
    assert.deepEqual(labels, { team: 'a', other: 'b' });
  });

  it('are our annotations and those that we wrote; others can contain the data of the Secret', () => {
    assert.deepEqual(metadata.annotations, { note: 'n', 'tokens.osg-htc.org/adopt': 'x' });
    assert.ok(!JSON.stringify(metadata).includes('secret"'));
  });

  it('are the fields that our own apply owns and that still exist', () => {
    assert.deepEqual(metadata.ours, { labels: ['team'], annotations: ['note'] });
    const others = {
      ...secret,
      metadata: { ...secret.metadata, managedFields: [ours('Update'), ours('Apply', 'x')] },
    };
    assert.deepEqual(parseSecretMetadata(others).ours, { labels: [], annotations: [] });
  });

  it('are the owners that control it, and JWTs', () => {
    assert.deepEqual(metadata.owners, [
      { group: 'tokens.osg-htc.org', kind: 'JWT', name: 'x', uid: 'u1', controller: true },
    ]);
  });

  it('are empty for other objects', () => {
    assert.deepEqual(parseSecretMetadata(null), {
      namespace: '',
      name: '',
      uid: '',
      resourceVersion: '',
      labels: {},
      annotations: {},
      owners: [],
      isDeleting: false,
      ours: { labels: [], annotations: [] },
    });
  });

  it('do not include members that are not text, or names that are not owned as fields', () => {
    const fieldsV1 = {
      'f:metadata': { 'f:labels': { 'k:team': {}, 'f:team': {}, 'k:tier': {} }, 'f:annotations': null },
    };
    const managedFields = [null, { manager: 'jwt-injector', operation: 'Apply', fieldsV1 }];
    const kept = parseSecretMetadata({
      metadata: { labels: { team: 7, tier: 'a' }, annotations: { [ADOPT]: 7 }, managedFields },
    });
    assert.deepEqual(
      [kept.labels, kept.annotations, kept.ours],
      [{ tier: 'a' }, {}, { labels: [], annotations: [] }],
    );
  });

  it('are equal to a new read after no JWT has its name any more', () => {
    for (const object of [secret, largeSecret('jwt-injector'), null])
      assert.deepEqual(dropDetails(parseSecretMetadata(object)), parseOtherSecret(object));
  });

  it('need no memory of their own if there is nothing to store: there can be a hundred thousand', () => {
    const [one, other] = [{}, { metadata: { annotations: { note: 'n' } } }].map(parseOtherSecret);
    assert.equal(one?.annotations, other?.annotations);
    assert.equal(one?.labels, other?.labels);
    assert.equal(one?.ours, other?.ours);
  });

  it('include a running deletion', () => {
    assert.ok(!metadata.isDeleting);
    assert.ok(parseSecretMetadata({ metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }).isDeleting);
  });
});

describe('the data of a Secret', () => {
  it('is decoded by its key', () => {
    assert.equal(readSecretData(secret, 'token'), 'a.b.c');
    assert.equal(readSecretData(secret, 'empty'), '');
    assert.equal(readSecretData(secret, 'other'), undefined);
    assert.equal(readSecretData(secret, '__proto__'), undefined);
  });

  it('of others is detected by its key only', () => {
    assert.ok(hasOtherData(secret));
    for (const data of [{ token: 'YQ==' }, {}, undefined]) assert.ok(!hasOtherData({ data }));
    assert.ok(hasOtherData({ data: { password: '' } }));
  });

  it('has no token if that is empty or missing', () => {
    assert.equal(readSecretToken(secret), 'a.b.c');
    for (const data of [{ token: '' }, {}, undefined, { token: 7 }])
      assert.equal(readSecretToken({ data }), undefined);
  });
});

it('a token beyond 64 KiB is too long by its base64 alone', () => {
  const secretOf = (bytes: number) => ({ data: { token: Buffer.alloc(bytes, 'x').toString('base64') } });
  assert.equal(isTokenTooLong(secretOf(65_536)), false);
  assert.equal(isTokenTooLong(secretOf(65_540)), true);
  for (const none of [{}, undefined, { data: { token: 7 } }]) assert.equal(isTokenTooLong(none), false);
});
