import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeApiError } from '../../../src/commands/cluster/api-errors.ts';
import { KubeError } from '../../../src/kube/errors.ts';

describe('a refusal of the API server is one line:', () => {
  const about = { verb: 'get', resource: 'secrets', namespace: 'x', name: 'my-key' };
  for (const [title, details, says] of [
    [
      'a right that is missing',
      { ...about, status: 403, reason: 'Forbidden' },
      'you are not allowed to read secrets in namespace x: ask an administrator of x for the right to (kubectl auth can-i get secrets -n x)',
    ],
    [
      'one for all namespaces',
      { verb: 'list', resource: 'jwts', status: 403, reason: 'Forbidden' },
      'you are not allowed to list jwts in all namespaces: ask an administrator of the cluster for the right to (kubectl auth can-i list jwts -A)',
    ],
    [
      'one for an object without a namespace',
      { verb: 'get', resource: 'namespaces', name: 'x', status: 403, reason: 'Forbidden' },
      'you are not allowed to read namespaces x: ask an administrator of the cluster for the right to (kubectl auth can-i get namespaces)',
    ],
    [
      'credentials',
      { ...about, status: 401, reason: 'Unauthorized' },
      'the API server does not accept your credentials: log in again, or choose another --context',
    ],
    [
      'a kind that is not there',
      { verb: 'list', resource: 'jwts', status: 404, reason: 'NotFound' },
      'the API server does not know jwts: their CRD is not installed, or has another scope',
    ],
    [
      'no connection',
      { ...about, status: 0, reason: 'Unreachable', detail: 'https://cluster: ECONNREFUSED' },
      'no answer from the API server: get secrets x/my-key: Unreachable (https://cluster: ECONNREFUSED)',
    ],
    [
      'anything else',
      { ...about, verb: 'patch', status: 500, reason: 'InternalError' },
      'the API server refused to change secrets: patch secrets x/my-key: 500 InternalError',
    ],
  ] as const) {
    it(title, () => {
      assert.equal(describeApiError(new KubeError(details)), says);
    });
  }
});
