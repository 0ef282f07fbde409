import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_ANNOTATIONS_BYTES } from '../../../src/admission/annotations/annotation-text.ts';
import {
  copyingPatch,
  readWorkload,
  type WorkloadInput,
} from '../../../src/admission/workloads/read-workload.ts';
import { findWorkloadKind } from '../../../src/admission/workloads/workload-kinds.ts';
import { annotatedPod, KEYS, type Json } from '../pods.ts';
import { COPIED, workload } from '../workloads.ts';

const TOKEN = { [KEYS.token]: 'my-jwt' };

function read(object: Json, more: Partial<WorkloadInput> = {}): ReturnType<typeof readWorkload> {
  const name = String(object['kind']);
  const kind = findWorkloadKind({ group: name === 'Job' ? 'batch' : 'apps', resource: '' }, name);
  assert.ok(kind !== undefined);
  return readWorkload({ kind, object, isUpdate: false, namespace: 'ns', ...more });
}

describe('a pod template', () => {
  const CLAIM = { persistentVolumeClaim: {} };
  const template = annotatedPod({ volumes: [{ name: 'data', emptyDir: {} }, { name: 'tmp' }] });
  const volumeClaimTemplates = [{ metadata: { name: 'data' } }, { metadata: { name: 'logs' } }];

  /** The pod that is read from the template of such a workload, with its volumes and its token. */
  function podOf(kind: string, annotations: Json = {}): unknown {
    const found = read({ kind, metadata: { annotations }, spec: { template, volumeClaimTemplates } });
    assert.ok(found.ok);
    const { pod } = found.value;
    return pod.ok
      ? [Object.fromEntries(pod.value.shape.volumes), pod.value.values.token]
      : pod.problem.reason;
  }

  it('of a StatefulSet has the volumes of its claims, which replace others of the same names', () => {
    assert.deepEqual(podOf('StatefulSet'), [
      { data: { name: 'data', ...CLAIM }, tmp: { name: 'tmp' }, logs: { name: 'logs', ...CLAIM } },
      'my-jwt',
    ]);
  });

  it('of another kind has only its own volumes', () => {
    assert.deepEqual(podOf('Deployment'), [
      { data: { name: 'data', emptyDir: {} }, tmp: { name: 'tmp' } },
      'my-jwt',
    ]);
  });

  it('is read with the annotations that it will have', () => {
    assert.equal(podOf('Deployment', { [KEYS.inject]: 'false' }), 'OptedOut');
  });
});

describe('the change of a pod template', () => {
  const large = { [KEYS.token]: 'my-jwt', [KEYS.containers]: 'x'.repeat(MAX_ANNOTATIONS_BYTES) };
  const cases: Readonly<Record<string, readonly [Json, boolean, string | undefined]>> = {
    'is the workload’s annotations': [workload({ annotations: TOKEN }), false, undefined],
    'is that of a new Job, too': [workload({ kind: 'Job', annotations: TOKEN }), false, undefined],
    'is withheld from that of a Job that exists': [
      workload({ kind: 'Job', annotations: TOKEN }),
      true,
      'fixed',
    ],
    'is withheld where the API server would refuse it': [workload({ annotations: large }), false, 'tooLarge'],
  };
  for (const [title, [object, isUpdate, withheld]] of Object.entries(cases)) {
    it(title, () => {
      const found = read(object, { isUpdate });
      assert.ok(found.ok);
      assert.equal(found.value.withheld?.why, withheld);
      const annotations = { ...TOKEN, [COPIED]: JSON.stringify(TOKEN) };
      const operation = { op: 'add', path: '/items/0/spec/template/metadata', value: { annotations } };
      assert.deepEqual(copyingPatch(found.value, ['items', '0']), withheld === undefined ? [operation] : []);
      assert.equal(
        found.value.pod.ok && found.value.pod.value.values.token,
        withheld === undefined ? 'my-jwt' : undefined,
      );
    });
  }
});

describe('a workload is left alone', () => {
  const owned = { ownerReferences: [{ controller: true }] };
  const text = 'left to the API server: an annotation is not a string, or too long';
  const never = (namespace: string): string => `pods of namespace ${namespace} are never touched`;
  const cases: Readonly<Record<string, readonly [ReturnType<typeof read>, string]>> = {
    'without a template': [read({ kind: 'Deployment', spec: {} }), 'it has no pod template'],
    'of a controller': [read(workload({ annotations: TOKEN, metadata: owned })), 'a controller owns it'],
    'of Kubernetes itself': [read(workload({}), { namespace: 'kube-system' }), never('kube-system')],
    'beside us': [read(workload({}), { namespace: 'own', ownNamespace: 'own' }), never('own')],
    'with an annotation that is a number': [read(workload({ annotations: { [KEYS.token]: 7 } })), text],
    'with such a one in its template': [
      read(workload({ templateMetadata: { annotations: { [KEYS.token]: 7 } } })),
      text,
    ],
    'with something else as the metadata of its template': [read(workload({ templateMetadata: 7 })), text],
  };
  for (const [title, [found, message]] of Object.entries(cases))
    it(title, () => assert.equal(found.ok ? undefined : found.problem.message, message));
});
