import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  parseAdmissionReview,
  writeAdmissionReview,
  type AdmissionAnswer,
} from '../../src/resources/admission-review.ts';

const ENVELOPE = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' };

const REQUEST = {
  uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
  kind: { group: '', version: 'v1', kind: 'Pod' },
  resource: { group: 'apps', version: 'v1', resource: 'deployments' },
  subResource: 'scale',
  requestKind: { kind: 'other' },
  name: 'web',
  namespace: 'science',
  operation: 'UPDATE',
  dryRun: true,
  object: { kind: 'Pod' },
  oldObject: null,
};

describe('an AdmissionReview', () => {
  it('is read as the API server sends it', () => {
    assert.deepEqual(parseAdmissionReview({ ...ENVELOPE, request: REQUEST }), {
      ok: true,
      value: {
        uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
        operation: 'UPDATE',
        resource: { group: 'apps', resource: 'deployments' },
        subResource: 'scale',
        kind: 'Pod',
        namespace: 'science',
        name: 'web',
        dryRun: true,
        object: { kind: 'Pod' },
        oldObject: null,
      },
    });
  });

  const EMPTY = {
    uid: 'u',
    operation: '',
    resource: { group: '', resource: '' },
    subResource: '',
    kind: '',
    namespace: undefined,
    name: '',
    dryRun: false,
    object: undefined,
    oldObject: undefined,
  };
  it('needs only a uid: missing members are empty', () => {
    assert.deepEqual(parseAdmissionReview({ ...ENVELOPE, request: { uid: 'u' } }), {
      ok: true,
      value: EMPTY,
    });
  });

  it('has the group of its kind if it was made by hand, without the resource', () => {
    const kind = { group: 'apps', version: 'v1', kind: 'Deployment' };
    const read = parseAdmissionReview({ ...ENVELOPE, request: { uid: 'u', kind } });
    assert.deepEqual(read, {
      ok: true,
      value: { ...EMPTY, kind: 'Deployment', resource: { group: 'apps', resource: '' } },
    });
    const both = parseAdmissionReview({
      ...ENVELOPE,
      request: { uid: 'u', kind, resource: { resource: 'pods' } },
    });
    assert.deepEqual(both.ok && both.value.resource, { group: '', resource: 'pods' });
  });

  it('is read with members of a wrong type as if they were missing', () => {
    const request = {
      uid: 'u',
      operation: 1,
      resource: 'pods',
      subResource: {},
      kind: ['Pod'],
      namespace: null,
      name: 7,
      dryRun: 'true',
    };
    assert.deepEqual(parseAdmissionReview({ ...ENVELOPE, request }), { ok: true, value: EMPTY });
  });

  const UNSUPPORTED =
    'unsupported AdmissionReview: this server answers AdmissionReview of admission.k8s.io/v1 only';
  const NO_UID = 'the AdmissionReview has no request.uid';
  const refused: readonly (readonly [string, unknown, string])[] = [
    ['an array', [ENVELOPE], 'the body is not a JSON object'],
    ['null', null, 'the body is not a JSON object'],
    [
      'another version',
      { ...ENVELOPE, apiVersion: 'admission.k8s.io/v1beta1', request: REQUEST },
      UNSUPPORTED,
    ],
    ['another kind', { ...ENVELOPE, kind: 'Pod', request: REQUEST }, UNSUPPORTED],
    ['a review without a request', ENVELOPE, 'the AdmissionReview has no request'],
    ['a request without a uid', { ...ENVELOPE, request: {} }, NO_UID],
    ['a uid that is empty', { ...ENVELOPE, request: { uid: '' } }, NO_UID],
    ['a uid that is a number', { ...ENVELOPE, request: { uid: 7 } }, NO_UID],
    [
      'a uid longer than 128 characters',
      { ...ENVELOPE, request: { uid: 'u'.repeat(129) } },
      'request.uid is longer than 128 characters',
    ],
  ];
  for (const [name, body, problem] of refused) {
    it(`is not ${name}`, () => assert.deepEqual(parseAdmissionReview(body), { ok: false, problem }));
  }

  it('may have a uid of 128 characters', () => {
    assert.ok(parseAdmissionReview({ ...ENVELOPE, request: { uid: 'u'.repeat(128) } }).ok);
  });
});

describe('the answer to a review', () => {
  const SKIPPED: AdmissionAnswer = {
    allowed: true,
    decision: 'skip',
    reason: 'NotRequested',
    message: 'no annotation asks for a token',
    warnings: [],
    patch: '',
  };
  const written = (answer: Partial<AdmissionAnswer>, uid = 'u'): unknown =>
    JSON.parse(writeAdmissionReview(uid, { ...SKIPPED, ...answer }));
  const review = (response: object): object => ({ ...ENVELOPE, response });

  it('without a change has neither status nor warnings nor patch: null or empty ones would be refused', () => {
    assert.deepEqual(
      written({}),
      review({ uid: 'u', allowed: true, auditAnnotations: { decision: 'skip', reason: 'NotRequested' } }),
    );
  });

  it('that injects carries a JSON patch in base64, and its type', () => {
    const text = JSON.stringify([{ op: 'add', path: '/spec/volumes', value: [{ name: 'é' }] }]);
    const patch = Buffer.from(text).toString('base64');
    assert.deepEqual(
      written({ decision: 'inject', reason: 'Injected', patch: text }),
      review({
        uid: 'u',
        allowed: true,
        auditAnnotations: { decision: 'inject', reason: 'Injected' },
        patchType: 'JSONPatch',
        patch,
      }),
    );
  });

  it('is ASCII for any quoted text', () => {
    const message = 'annotation "ü€😀\ud800" is not a valid name';
    const refusal = {
      ...SKIPPED,
      allowed: false,
      decision: 'deny',
      message,
      warnings: ['… \u0080'],
    } as const;
    const text = writeAdmissionReview('ü', refusal);
    assert.match(text, /^\p{ASCII}*$/u);
    const response: unknown = JSON.parse(text).response;
    assert.deepEqual(response, {
      uid: 'ü',
      allowed: false,
      status: { code: 400, reason: 'BadRequest', message },
      warnings: ['… \u0080'],
      auditAnnotations: { decision: 'deny', reason: 'NotRequested' },
    });
  });

  it('that refuses because of the request has the code 400, with the message for its author', () => {
    const message = 'annotation "x" is\nno path: use /a\\b';
    assert.deepEqual(
      written({ allowed: false, decision: 'deny', reason: 'InvalidAnnotation', message }),
      review({
        uid: 'u',
        allowed: false,
        status: { code: 400, reason: 'BadRequest', message },
        auditAnnotations: { decision: 'deny', reason: 'InvalidAnnotation' },
      }),
    );
  });

  it('that refuses because of an internal error has the code 500', () => {
    const answer = written({ allowed: false, decision: 'deny', reason: 'InternalError', message: 'a bug' });
    assert.deepEqual(
      answer,
      review({
        uid: 'u',
        allowed: false,
        status: { code: 500, reason: 'InternalError', message: 'a bug' },
        auditAnnotations: { decision: 'deny', reason: 'InternalError' },
      }),
    );
  });

  it('has its warnings, and repeats any uid', () => {
    assert.deepEqual(
      written({ warnings: ['a "quoted" one', 'another'] }, 'a"b\\c'),
      review({
        uid: 'a"b\\c',
        allowed: true,
        warnings: ['a "quoted" one', 'another'],
        auditAnnotations: { decision: 'skip', reason: 'NotRequested' },
      }),
    );
  });
});
