import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_ANNOTATIONS_BYTES } from '../../src/admission/annotations/annotation-text.ts';
import { readPodReview } from '../../src/admission/review-pods.ts';
import { readWorkloadReview } from '../../src/admission/review-workloads.ts';
import { parseAdmissionReview, type AdmissionRequest } from '../../src/resources/admission-review.ts';
import { APP } from '../../src/resources/names.ts';
import type { NamespaceDefault } from '../../src/resources/namespace-default.ts';
import { annotatedPod, at, injected, KEYS, type Json } from './pods.ts';
import { NO_DEFAULT, reviewOf, stored, workload, type WorkloadParts } from './workloads.ts';

const TOKEN = { [KEYS.token]: 'my-jwt' };
const UNKNOWN: NamespaceDefault = { known: false };

describe('the answer about a workload has the reason', () => {
  const following = stored(workload({ annotations: TOKEN }));
  const optedOut = { templateMetadata: { annotations: { [KEYS.inject]: 'false' } } };
  const cases: readonly (readonly [Json, string, string, NamespaceDefault?])[] = [
    [
      workload({ annotations: TOKEN }),
      'Injected',
      'the pod template follows the annotations of the Deployment',
    ],
    [following, 'AlreadyInjected', 'the pod template has its annotations'],
    [workload({}), 'NotRequested', 'no token is named by the pod or by its namespace'],
    [workload({}), 'NotRequested', 'the namespace is not known', UNKNOWN],
    [workload(optedOut), 'OptedOut', `annotation ${KEYS.inject} is "false"`],
    [workload({ kind: 'Widget' }), 'NotRequested', 'nothing is injected into this kind of request'],
  ];
  for (const [object, reason, message, namespaceDefault] of cases) {
    it(`${reason}: ${message}`, () => {
      const answer = reviewOf(object, {}, namespaceDefault);
      assert.deepEqual([answer.allowed, answer.reason, answer.message], [true, reason, message]);
    });
  }
});

describe('a workload that the API server will refuse is left as it is, and without a warning:', () => {
  const cases: Readonly<Record<string, WorkloadParts>> = {
    'an annotation of it is not a text': { annotations: { ...TOKEN, [KEYS.envVar]: 7 } },
    'an annotation of its template is not a text': {
      annotations: TOKEN,
      templateMetadata: { annotations: { [KEYS.envVar]: 7, [KEYS.mountPath]: '..' } },
    },
  };
  for (const [title, parts] of Object.entries(cases)) {
    it(title, () => {
      const { allowed, reason, operations, warnings } = reviewOf(workload(parts));
      assert.deepEqual([allowed, reason, operations, warnings], [true, 'NotRequested', [], []]);
    });
  }

  it('its annotations are too large already', () => {
    const annotations = { own: 'x'.repeat(MAX_ANNOTATIONS_BYTES) };
    assert.deepEqual(reviewOf(workload({ templateMetadata: { annotations } })).warnings, []);
  });

  it('its pods have no containers, and its template is fixed', () => {
    const parts = { kind: 'Job', podSpec: { containers: [] } };
    const oldObject = workload(parts);
    const answer = reviewOf(workload({ ...parts, annotations: TOKEN }), { operation: 'UPDATE', oldObject });
    assert.deepEqual([answer.operations, answer.warnings], [[], []]);
  });
});

describe('the warnings about a workload', () => {
  it('are about the template that it will have: removed annotations do not count', () => {
    const { metadata } = Object(at(stored(workload({ annotations: TOKEN })), 'spec', 'template'));
    const templateMetadata = { annotations: { ...metadata.annotations, [KEYS.envVar]: 'MY_OWN' } };
    const { operations, warnings } = reviewOf(workload({ templateMetadata }));
    assert.deepEqual([...new Set(operations.map(({ op }) => op))], ['remove']);
    assert.deepEqual(warnings, [`annotation ${KEYS.envVar} has no effect without ${KEYS.token}`]);
  });

  it('name a refusal before the annotations that are not copied', () => {
    const annotations = { [KEYS.token]: 'my-jwt', [KEYS.containers]: 'x'.repeat(MAX_ANNOTATIONS_BYTES) };
    const templateMetadata = { annotations: { [KEYS.token]: 'No_Name' } };
    const { operations, warnings } = reviewOf(workload({ annotations, templateMetadata }));
    assert.deepEqual(operations, []);
    assert.deepEqual(
      warnings.map((text) => text.slice(0, 30)),
      ['pods of this Deployment will b', 'to have them admitted: the clo', 'annotations of this Deployment'],
    );
  });

  it('are not given for other changes of a Job', () => {
    const job = workload({ kind: 'Job', annotations: TOKEN });
    assert.deepEqual(reviewOf(job, { operation: 'UPDATE', oldObject: job }).warnings, []);
  });
});

it('a template with everything in it needs no change in its pods', () => {
  const template = injected({
    metadata: { annotations: TOKEN },
    ...Object(at(workload({}), 'spec', 'template')),
  });
  assert.equal(reviewOf({ ...workload({}), spec: { template } }).reason, 'AlreadyInjected');
});

describe('a review that was made by hand, with a kind alone,', () => {
  const parsed = (object: Json, kind: string, group: string): AdmissionRequest => {
    const request = { uid: 'u', operation: 'CREATE', kind: { group, kind }, object };
    const read = parseAdmissionReview({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      request,
    });
    assert.ok(read.ok);
    return read.value;
  };

  it('is answered as that of the API server', () => {
    const request = parsed(workload({ annotations: TOKEN }), 'Deployment', 'apps');
    assert.equal(readWorkloadReview(request, APP).answer(NO_DEFAULT).reason, 'Injected');
    const pod = parsed(annotatedPod(), 'Pod', '');
    assert.equal(readPodReview(pod, APP).answer(NO_DEFAULT).reason, 'Injected');
  });

  it('is left alone if the kind is one of the same name in another group', () => {
    const request = parsed(annotatedPod(), 'Pod', 'metrics.k8s.io');
    assert.equal(readPodReview(request, APP).answer(NO_DEFAULT).reason, 'NotRequested');
  });
});
