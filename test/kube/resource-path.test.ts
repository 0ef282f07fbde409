import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseResourcePath, resourcePath } from '../../src/kube/resource-path.ts';

const SECRETS = { group: '', version: 'v1', plural: 'secrets' };
const JWTS = { group: 'tokens.osg-htc.org', version: 'v1', plural: 'jwts' };
const NAMESPACES = { group: '', version: 'v1', plural: 'namespaces' };

const CASES = [
  [SECRETS, {}, '/api/v1/secrets'],
  [SECRETS, { namespace: 'a' }, '/api/v1/namespaces/a/secrets'],
  [SECRETS, { namespace: 'a', name: 'b' }, '/api/v1/namespaces/a/secrets/b'],
  [NAMESPACES, {}, '/api/v1/namespaces'],
  [NAMESPACES, { name: 'a' }, '/api/v1/namespaces/a'],
  [
    JWTS,
    { namespace: 'a', name: 'b', subresource: 'status' },
    '/apis/tokens.osg-htc.org/v1/namespaces/a/jwts/b/status',
  ],
  [JWTS, { namespace: '..', name: 'b/c?d' }, '/apis/tokens.osg-htc.org/v1/namespaces/%2E%2E/jwts/b%2Fc%3Fd'],
] as const;

test('a path is made from its parts and parsed into them', () => {
  for (const [resource, target, path] of CASES) {
    assert.equal(resourcePath(resource, target), path);
    assert.deepEqual(parseResourcePath(path), { resource: resource.plural, ...target });
  }
});

test('a path of another kind is its own description', () => {
  assert.deepEqual(parseResourcePath('/version'), { resource: '/version' });
  assert.deepEqual(parseResourcePath('/api/v1/%zz'), { resource: '%zz' });
});
