import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { failPodReview, readPodReview } from '../../src/admission/review-pods.ts';
import { APP } from '../../src/resources/names.ts';
import type { AdmissionRequest } from '../../src/resources/admission-review.ts';
import { annotatedPod, container, createRequest, injected, KEYS, reviewPod, type Json } from './pods.ts';

type Difference = Partial<AdmissionRequest>;

const POD = annotatedPod();
const EPHEMERAL: Difference = { operation: 'UPDATE', subResource: 'ephemeralcontainers' };
const pods = { group: '', resource: 'pods' };

/** All of them are about a pod that asks for a token. */
const INJECTED: Readonly<Record<string, Difference>> = {
  'a new pod': {},
  'a new pod, whatever the kind says': { kind: 'Widget' },
  'a new pod of a namespace that is not named': { namespace: undefined },
  'a review made by hand, with its kind alone': { resource: { group: '', resource: '' } },
  'a review made by hand, with the singular': { resource: { group: '', resource: 'pod' } },
  'a review made by hand, with a capital': { resource: { group: '', resource: 'Pods' } },
};

const LEFT_ALONE: Readonly<Record<string, Difference>> = {
  'an update of a pod': { operation: 'UPDATE' },
  'the deletion of a pod': { operation: 'DELETE' },
  'a new binding of a pod': { subResource: 'binding' },
  'new ephemeral containers, which only an update brings': { subResource: 'ephemeralcontainers' },
  'a status of a pod': { operation: 'UPDATE', subResource: 'status' },
  'pods of another group': { resource: { group: 'metrics.k8s.io', resource: 'pods' } },
  'another resource': { resource: { group: '', resource: 'services' } },
  'another resource, whatever the kind says': { resource: { group: '', resource: 'services' }, kind: 'Pod' },
  'another kind without a resource': { resource: { group: '', resource: '' }, kind: 'Service' },
  'a pod of kube-system': { namespace: 'kube-system' },
  'a pod of our own namespace': { namespace: 'jwt-injector' },
};

describe('a review of a pod that asks for a token', () => {
  for (const [title, difference] of Object.entries(INJECTED)) {
    it(`leads to a patch: ${title}`, () => {
      const answer = reviewPod(createRequest(POD, difference), undefined);
      assert.deepEqual([answer.allowed, answer.reason], [true, 'Injected']);
    });
  }

  for (const [title, difference] of Object.entries(LEFT_ALONE)) {
    it(`leads to no patch: ${title}`, () => {
      const { allowed, decision, reason, message, operations } = reviewPod(
        createRequest(POD, difference),
        undefined,
      );
      assert.deepEqual([allowed, decision, reason, operations], [true, 'skip', 'NotRequested', []]);
      assert.equal(message, 'nothing is injected into this kind of request');
    });
  }

  for (const object of [undefined, null]) {
    it(`is refused if the pod is missing: ${String(object)}`, () => {
      const { allowed, reason, message } = reviewPod(createRequest(object), undefined);
      assert.deepEqual([allowed, reason], [false, 'NoContainers']);
      assert.equal(message, 'the review creates a pod, but has no object: send the pod as request.object');
    });
  }
});

describe('the default of the namespace', () => {
  const bare: Json = { spec: { containers: [container()] } };
  const defaultOf = (object: Json, difference: Difference = {}): string | undefined =>
    readPodReview(createRequest(object, difference), APP).defaultOf;

  it('is read if the pod names no token', () => {
    assert.equal(defaultOf(bare), 'ns');
    assert.equal(defaultOf(bare, EPHEMERAL), 'ns');
  });

  it('is not read if it cannot change the answer, or if no namespace has that name', () => {
    assert.equal(defaultOf(POD), undefined);
    assert.equal(defaultOf(annotatedPod({}, { [KEYS.token]: '', [KEYS.inject]: 'false' })), undefined);
    assert.equal(defaultOf(bare, { operation: 'DELETE' }), undefined);
    for (const namespace of [undefined, '', 'Ns', 'a.b', '../pods', 'n'.repeat(64)])
      assert.equal(defaultOf(bare, { namespace }), undefined);
  });

  it('is the token of a new pod without one', () => {
    const { reason, message } = reviewPod(createRequest(bare), 'ns-jwt');
    assert.equal(reason, 'Injected');
    assert.match(message, /ns-jwt/);
  });

  const unknown = { known: false } as const;

  it('refuses a new pod if it cannot be read', () => {
    const { allowed, reason, message } = readPodReview(createRequest(bare), APP).answer(unknown);
    assert.deepEqual([allowed, reason], [false, 'InternalError']);
    assert.equal(message, 'label tokens.osg-htc.org/token of namespace "ns" could not be read: try again');
  });

  it('does not prevent an ephemeral container if it cannot be read', () => {
    const ephemeralContainers = [container('debugger')];
    const pod = { ...bare, spec: { ...Object(injected(bare, 'ns-jwt')['spec']), ephemeralContainers } };
    const { allowed, reason, warnings } = readPodReview(createRequest(pod, EPHEMERAL), APP).answer(unknown);
    assert.deepEqual([allowed, reason, warnings.length], [true, 'InternalError', 1]);
  });
});

describe('a pod that cannot be reviewed', () => {
  const cases: readonly (readonly [Difference, boolean])[] = [
    [{}, false],
    [EPHEMERAL, true],
    [{ resource: pods, operation: 'DELETE' }, true],
  ];
  for (const [difference, isAllowed] of cases) {
    it(`is ${isAllowed ? 'admitted' : 'refused'}: ${JSON.stringify(difference)}`, () => {
      const { allowed, reason, message } = failPodReview(createRequest(POD, difference), 'try again');
      assert.deepEqual([allowed, reason, message], [isAllowed, 'InternalError', 'try again']);
    });
  }
});
