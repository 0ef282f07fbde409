import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { commandPrinter } from '../../../src/commands/cluster/command-printer.ts';
import { describeApiError } from '../../../src/commands/cluster/api-errors.ts';
import { KubeError } from '../../../src/kube/errors.ts';

describe('a refusal of the API server is one line:', () => {
  const about = { verb: 'get', resource: 'secrets', namespace: 'x', name: 'my-key' };
  const create = { verb: 'create', resource: 'secrets', namespace: 'x', status: 403 };
  for (const [title, details, says] of [
    [
      'a right that is missing',
      { ...about, status: 403, reason: 'Forbidden' },
      'you are not allowed to read secrets in namespace x: ask an administrator of x for the right to do so (kubectl auth can-i get secrets -n x)',
    ],
    [
      'one to JWTs, with the role that has it',
      { ...about, verb: 'patch', resource: 'jwts', status: 403, reason: 'Forbidden' },
      'you are not allowed to change jwts in namespace x: ask an administrator of x for the role edit (kubectl auth can-i patch jwts -n x)',
    ],
    [
      'one for all namespaces',
      { verb: 'list', resource: 'jwts', status: 403, reason: 'Forbidden' },
      'you are not allowed to list jwts in all namespaces: ask an administrator of the cluster for the right to do so (kubectl auth can-i list jwts -A)',
    ],
    [
      'one for an object without a namespace',
      { verb: 'get', resource: 'namespaces', name: 'x', status: 403, reason: 'Forbidden' },
      'you are not allowed to read namespaces x: ask an administrator of the cluster for the right to do so (kubectl auth can-i get namespaces)',
    ],
    [
      'credentials',
      { ...about, status: 401, reason: 'Unauthorized' },
      'the API server does not accept your credentials: log in again, or choose another --context',
    ],
    [
      'a kind that is not there',
      { verb: 'list', resource: 'jwts', status: 404, reason: 'NotFound' },
      'the API server does not know jwts: their CRD is not installed, or has another scope (jwt-injector migrate check shows which)',
    ],
    [
      'no connection',
      { ...about, status: 0, reason: 'Unreachable', detail: 'https://cluster: ECONNREFUSED' },
      'no answer from the API server: get secrets x/my-key: Unreachable (https://cluster: ECONNREFUSED)',
    ],
    [
      'a login that fails',
      { ...about, status: 0, reason: 'Credentials', detail: 'no credentials for https://cluster: why' },
      'nothing was sent to the API server: get secrets x/my-key: Credentials (no credentials for https://cluster: why)',
    ],
    [
      'a namespace that is not there',
      { ...about, verb: 'create', status: 404, reason: 'NotFound', missing: 'namespaces' },
      'there is no namespace x: correct -n, or create it (kubectl create namespace x)',
    ],
    [
      'an object that is not there',
      { ...about, status: 404, reason: 'NotFound', missing: 'secrets' },
      'there is no my-key among the secrets in namespace x',
    ],
    [
      'a namespace that is being deleted',
      {
        ...create,
        reason: 'Forbidden',
        causes: [{ field: 'metadata.namespace', reason: 'NamespaceTerminating' }],
      },
      'namespace x is being deleted, and nothing can be created in it any more: use another one, or wait until it is gone and create it again',
    ],
    [
      'a quota',
      { ...create, reason: 'Forbidden', refusal: { kind: 'quota', subject: 'few' } },
      'ResourceQuota few, which is used up, does not allow you to create secrets in namespace x: raise it, or delete what is not needed (kubectl describe quota few -n x)',
    ],
    [
      'an admission policy',
      { ...create, status: 422, reason: 'Invalid', refusal: { kind: 'policy', subject: 'strict' } },
      'admission policy strict does not allow you to create secrets in namespace x: ask its administrator (kubectl describe validatingadmissionpolicy strict)',
    ],
    [
      'a mutating admission policy',
      {
        ...create,
        status: 403,
        reason: 'Invalid',
        refusal: { kind: 'mutating-policy', subject: 'labels' },
      },
      'admission policy labels does not allow you to create secrets in namespace x: ask its administrator (kubectl describe mutatingadmissionpolicy labels)',
    ],
    [
      'an admission webhook, whatever status it answers with',
      {
        ...create,
        status: 400,
        reason: 'BadRequest',
        refusal: { kind: 'webhook', subject: 'a.example.com' },
      },
      'admission webhook a.example.com does not allow you to create secrets in namespace x: ask its administrator',
    ],
    [
      'an admission plugin that does not say its name',
      { ...create, reason: 'Forbidden', refusal: { kind: 'other', subject: '403 Forbidden' } },
      'the API server does not allow you to create secrets in namespace x (403 Forbidden): an admission plugin of the cluster may refuse it; ask an administrator',
    ],
    [
      'anything else',
      { ...about, verb: 'patch', status: 500, reason: 'InternalError' },
      'the API server refused to change secrets: patch secrets x/my-key: 500 InternalError',
    ],
  ] as const) {
    it(title, () => {
      assert.equal(describeApiError(new KubeError(details), commandPrinter({})), says);
    });
  }
});
