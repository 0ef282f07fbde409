import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { codePoint } from '../fixtures/code-point.ts';
import { KubeError, readStatus } from '../../src/kube/errors.ts';
import { describeRefusal, type Refusal } from '../../src/reconcile/refusal.ts';
import { classifyFailure } from '../../src/kube/classify-failure.ts';

const CANARY = 'eyJhbGciOi.canary';

function refuse(code: number, status: Record<string, unknown>): KubeError {
  const body = { kind: 'Status', status: 'Failure', code, ...status };
  return new KubeError({ verb: 'apply', resource: 'secrets', ...readStatus(code, body) });
}

const NONE: Refusal = { kind: 'other', subject: '' };
const refusalOf = (error: KubeError): Refusal | undefined => classifyFailure(error)?.refusal;
const invalid = (field: string, reason: string): Record<string, unknown> => ({
  message: `Secret "a" is invalid: ${field}: ${CANARY}`,
  reason: 'Invalid',
  details: { name: 'a', kind: 'Secret', causes: [{ field, reason, message: CANARY }] },
});
const forbidden = (why: string): Record<string, unknown> => ({
  message: `secrets "a" is forbidden: ${why}`,
  reason: 'Forbidden',
  details: { name: 'a', kind: 'secrets', causes: [{ message: why }] },
});
const VAP = `ValidatingAdmissionPolicy 'no-secrets.example.org' with binding 'b' denied request: exceeded quota: ${CANARY}`;
const MAP = {
  message: `policy 'labels.example.org' with binding 'b' denied request: ${CANARY}`,
  reason: 'Invalid',
};

/** Answers of kube-apiserver 1.37, unless noted. */
const LASTING: readonly (readonly [
  string,
  number,
  Record<string, unknown>,
  kind: string,
  subject: string,
])[] = [
  [
    'a webhook that chooses the code of a conflict',
    409,
    { message: `admission webhook "deny.example.org" denied the request: ${CANARY}`, reason: 'Conflict' },
    'webhook',
    'deny.example.org',
  ],
  [
    'a quota',
    403,
    forbidden('exceeded quota: q1, requested: secrets=1, used: secrets=4, limited: secrets=0'),
    'quota',
    'q1',
  ],
  ['an admission policy', 422, { ...forbidden(VAP), reason: 'Invalid' }, 'policy', 'no-secrets.example.org'],
  [
    'an admission policy without its binding',
    422,
    { ...forbidden(VAP.replace(" with binding 'b'", '')), reason: 'Invalid' },
    'policy',
    'no-secrets.example.org',
  ],
  ['a mutating admission policy', 403, { ...forbidden(''), ...MAP }, 'mutating-policy', 'labels.example.org'],
  [
    'a mutating admission policy without its binding',
    403,
    { message: `policy "labels.example.org" denied request: ${CANARY}`, reason: 'Forbidden' },
    'mutating-policy',
    'labels.example.org',
  ],
  ['an admission policy, reason Forbidden', 403, forbidden(VAP), 'policy', 'no-secrets.example.org'],
  [
    'an admission webhook',
    400,
    { message: `admission webhook "v.example.org" denied the request: ${CANARY}`, reason: 'BadRequest' },
    'webhook',
    'v.example.org',
  ],
  ['immutable: true', 422, invalid('data', 'FieldValueForbidden'), 'immutable', ''],
  ['another type', 422, invalid('type', 'FieldValueInvalid'), 'type', ''],
  ['more than 1 MiB', 422, invalid('data', 'FieldValueTooLong'), 'too-large', ''],
  ['more than 3 MiB', 413, { reason: 'RequestEntityTooLarge' }, 'too-large', ''],
  ['an invalid label', 422, invalid('metadata.labels', 'FieldValueInvalid'), 'labels', ''],
  ['an invalid annotation', 422, invalid('metadata.annotations', 'FieldValueInvalid'), 'annotations', ''],
  [
    'annotations beyond 256 KiB',
    422,
    invalid('metadata.annotations', 'FieldValueTooLong'),
    'annotations',
    '',
  ],
  [
    'a missing right',
    403,
    forbidden(
      'User "system:serviceaccount:x:y" cannot patch resource "secrets" in API group "" in the namespace "t"',
    ),
    'no-right',
    'patch secrets',
  ],
  ['a missing right to create, on 1.30', 403, forbidden(''), 'no-right', 'create secrets'],
  [
    'the same with roles that are not there, on 1.30',
    403,
    forbidden(`RBAC: clusterrole.rbac.authorization.k8s.io "${CANARY}" not found`),
    'no-right',
    'create secrets',
  ],
  [
    'a missing right on a subresource',
    403,
    forbidden(
      'User "x" cannot patch resource "jwts/status" in API group "tokens.osg-htc.org" in the namespace "t"',
    ),
    'no-right',
    'patch jwts/status',
  ],
  ['anything else', 422, invalid('metadata.ownerReferences', 'FieldValueInvalid'), 'other', '422 Invalid'],
  ['a 403 without any word', 403, {}, 'other', '403 Forbidden'],
];

describe('a refusal that will not end by itself', () => {
  for (const [title, code, status, kind, subject] of LASTING) {
    it(`is recognized, with a message that quotes nothing: ${title}`, () => {
      const error = refuse(code, status);
      assert.equal(classifyFailure(error)?.meaning, 'failed');
      const refusal = refusalOf(error);
      assert.deepEqual(refusal, { kind, subject });
      const words = describeRefusal(refusal ?? NONE, { namespace: 't', name: 'a' }, undefined);
      assert.ok(words.includes(subject) && !(words + error.message).includes('canary'), words);
      assert.match(words, /: .+\. It is tried again after 1 s/, 'the remedy comes last');
    });
  }

  it('names the namespace of the request where a right is missing: the key can be in another one than its JWT', () => {
    const body = forbidden('User "x" cannot get resource "secrets" in API group "" in the namespace "vault"');
    const error = new KubeError({
      verb: 'get',
      resource: 'secrets',
      namespace: 'vault',
      name: 'key',
      ...readStatus(403, body),
    });
    const refusal = refusalOf(error);
    assert.deepEqual(refusal, { kind: 'no-right', subject: 'get secrets', namespace: 'vault' });
    const words = describeRefusal(refusal ?? NONE, { namespace: 'science', name: 'my-jwt' }, undefined);
    assert.match(
      words,
      /^jwt-injector is not allowed to get secrets in namespace vault: ask an administrator/,
    );
  });

  const passing: readonly (readonly [string, number, Record<string, unknown>])[] = [
    ['a conflict', 409, { reason: 'Conflict' }],
    ['credentials that are refused', 401, { reason: 'Unauthorized' }],
    ['a flood', 429, { reason: 'TooManyRequests' }],
    [
      'a silent webhook',
      500,
      { message: 'Internal error occurred: failed calling webhook "gone.example.org": x' },
    ],
    [
      'a namespace that is being deleted',
      403,
      {
        ...forbidden('unable to create new content'),
        details: { causes: [{ reason: 'NamespaceTerminating', field: 'metadata.namespace' }] },
      },
    ],
  ];
  for (const [title, code, status] of passing) {
    it(`is not ${title}`, () => {
      assert.equal(refusalOf(refuse(code, status)), undefined);
    });
  }

  it('is not a JSON patch whose test failed: the object changed', () => {
    const error = new KubeError({
      verb: 'patch',
      resource: 'secrets',
      ...readStatus(422, { reason: 'Invalid', message: 'the server rejected our request', details: {} }),
    });
    assert.equal(classifyFailure(error)?.meaning, 'stale');
  });

  it('is a patch of a JWT that the API server finds invalid: otherwise it would be tried again silently, forever', () => {
    const error = new KubeError({
      verb: 'patch',
      resource: 'jwts',
      ...readStatus(422, invalid('spec.issuer', 'FieldValueRequired')),
    });
    assert.equal(classifyFailure(error)?.meaning, 'failed');
    assert.equal(refusalOf(error)?.kind, 'other');
  });

  it('names a webhook that does not answer, although that ends by itself', () => {
    const error = refuse(500, {
      message: `Internal error occurred: failed calling webhook "gone.example.org": failed to call webhook: Post "https://127.0.0.1:1/${CANARY}"`,
    });
    assert.match(
      error.message,
      /500 InternalError \(admission webhook gone\.example\.org does not answer\)$/,
    );
  });

  it('ignores names that are impossible in Kubernetes, for any length of the message', () => {
    const text = fc.oneof(
      fc.string({ unit: codePoint }),
      fc.constantFrom("a'b", 'A.b', 'x'.repeat(300), '-a', 'a b'),
    );
    fc.assert(
      fc.property(text, fc.nat(400), (name, times) => {
        const why = `exceeded quota: ${name.repeat(times)}, requested`;
        const refusal = refusalOf(refuse(403, forbidden(why)));
        if (refusal?.kind !== 'quota') return;
        assert.match(refusal.subject, /^[a-z0-9][a-z0-9.-]*$/);
        assert.ok(refusal.subject.length <= 253);
      }),
    );
  });

  it('waits less than ten minutes, for any Retry-After', () => {
    const error = refuse(429, { details: { retryAfterSeconds: 1e300 } });
    assert.equal(classifyFailure(error)?.retryAfter, 540_000);
  });
});
