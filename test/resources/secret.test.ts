import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  hasOtherData,
  parseSecretMetadata,
  readSecretData,
  readSecretToken,
} from '../../src/resources/secret.ts';

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

describe('what is kept of a Secret', () => {
  const metadata = parseSecretMetadata(secret);

  it('of annotations is ours and what we wrote; others may hold the data of the Secret', () => {
    assert.deepEqual(metadata.annotations, { note: 'n', 'tokens.osg-htc.org/adopt': 'x' });
    assert.ok(!JSON.stringify(metadata).includes('secret"'));
  });

  it('of the field owners is what our own apply owns', () => {
    assert.deepEqual(metadata.ours, {
      labels: ['team'],
      annotations: ['note', 'tokens.osg-htc.org/expires-at'],
    });
    const others = {
      ...secret,
      metadata: { ...secret.metadata, managedFields: [ours('Update'), ours('Apply', 'x')] },
    };
    assert.deepEqual(parseSecretMetadata(others).ours, { labels: [], annotations: [] });
  });

  it('of owners is who controls it', () => {
    assert.deepEqual(metadata.owners, [
      { group: 'tokens.osg-htc.org', kind: 'JWT', name: 'x', uid: 'u1', controller: true },
      { group: '', kind: '', name: '', uid: 'u2', controller: false },
    ]);
  });

  it('is empty for what is no Secret', () => {
    const { uid, labels, owners, deleting } = parseSecretMetadata(null);
    assert.deepEqual([uid, labels, owners, deleting], ['', {}, [], false]);
  });

  it('tells of a deletion under way', () => {
    assert.ok(!metadata.deleting);
    assert.ok(parseSecretMetadata({ metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }).deleting);
  });
});

describe('the data of a Secret', () => {
  it('is decoded by its key', () => {
    assert.equal(readSecretData(secret, 'token'), 'a.b.c');
    assert.equal(readSecretData(secret, 'empty'), '');
    assert.equal(readSecretData(secret, 'other'), undefined);
    assert.equal(readSecretData(secret, '__proto__'), undefined);
  });

  it('of others is noticed by its key alone', () => {
    assert.ok(hasOtherData(secret));
    for (const data of [{ token: 'YQ==' }, {}, undefined]) assert.ok(!hasOtherData({ data }));
    assert.ok(hasOtherData({ data: { password: '' } }));
  });

  it('holds no token when that is empty or missing', () => {
    assert.equal(readSecretToken(secret), 'a.b.c');
    for (const data of [{ token: '' }, {}, undefined, { token: 7 }])
      assert.equal(readSecretToken({ data }), undefined);
  });
});
