import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readTemplate } from '../../src/admission/read-template.ts';
import { findWorkloadKind } from '../../src/admission/workload-kinds.ts';
import { annotatedPod, KEYS, type Json } from './pods.ts';

const NO_CHANGES = { changes: new Map<string, string | undefined>(), differing: [] };

/** What the template of such a workload is read as, its volumes and its token. */
function read(kind: string, follow = NO_CHANGES): unknown {
  const known = findWorkloadKind({ group: 'apps', resource: '' }, kind);
  assert.ok(known !== undefined);
  const template: Json = annotatedPod({ volumes: [{ name: 'data', emptyDir: {} }, { name: 'tmp' }] });
  const volumeClaimTemplates = [{ metadata: { name: 'data' } }, { metadata: { name: 'logs' } }];
  const object = { kind, spec: { template, volumeClaimTemplates } };
  const { pod } = readTemplate({ kind: known, object, template, namespace: 'ns' }, follow);
  return pod.ok ? [Object.fromEntries(pod.value.shape.volumes), pod.value.values.token] : pod.problem.reason;
}

describe('a pod template', () => {
  const CLAIM = { persistentVolumeClaim: {} };

  it('of a StatefulSet has the volumes of its claims, which take the place of others', () => {
    assert.deepEqual(read('StatefulSet'), [
      { data: { name: 'data', ...CLAIM }, tmp: { name: 'tmp' }, logs: { name: 'logs', ...CLAIM } },
      'my-jwt',
    ]);
  });

  it('of another kind has its own volumes alone', () => {
    assert.deepEqual(read('Deployment'), [
      { data: { name: 'data', emptyDir: {} }, tmp: { name: 'tmp' } },
      'my-jwt',
    ]);
  });

  it('is read with its annotations as they will be', () => {
    const changes = new Map<string, string | undefined>([[KEYS.inject, 'false']]);
    assert.equal(read('Deployment', { ...NO_CHANGES, changes }), 'OptedOut');
  });
});
