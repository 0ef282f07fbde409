import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  claimNames,
  findWorkloadKind,
  hasController,
  templateOf,
  WORKLOAD_KINDS,
} from '../../../src/admission/workloads/workload-kinds.ts';

const TEMPLATE = { spec: {} };
const IN_SPEC = { spec: { template: TEMPLATE } };
const IN_JOB = { spec: { jobTemplate: { spec: { template: TEMPLATE } } } };

/**
 * The kinds as the API server serves them: kind, group, plural, whether the template can be changed, and its
 * path.
 */
const KINDS = [
  ['Deployment', 'apps', 'deployments', false, 'spec.template', IN_SPEC],
  ['StatefulSet', 'apps', 'statefulsets', false, 'spec.template', IN_SPEC],
  ['DaemonSet', 'apps', 'daemonsets', false, 'spec.template', IN_SPEC],
  ['ReplicaSet', 'apps', 'replicasets', false, 'spec.template', IN_SPEC],
  ['Job', 'batch', 'jobs', true, 'spec.template', IN_SPEC],
  ['CronJob', 'batch', 'cronjobs', false, 'spec.jobTemplate.spec.template', IN_JOB],
] as const;

describe('a workload', () => {
  for (const [kind, group, resource, isFixed, path, object] of KINDS) {
    it(`of kind ${kind} is found by its plural, or by its kind if there is no plural`, () => {
      const found = findWorkloadKind({ group, resource }, 'Scale');
      assert.deepEqual(found?.kind, kind);
      assert.equal(findWorkloadKind({ group, resource: '' }, kind), found);
      assert.equal(findWorkloadKind({ group: 'example.org', resource }, kind), undefined);
      assert.equal(findWorkloadKind({ group, resource: 'unknown' }, kind), undefined);
    });

    it(`of kind ${kind} has its template at ${path}`, () => {
      const found = findWorkloadKind({ group, resource }, kind);
      assert.ok(found !== undefined);
      assert.deepEqual([found.template.join('.'), found.templateFixed], [path, isFixed]);
      assert.equal(templateOf(found, object), TEMPLATE);
      assert.equal(templateOf(found, {}), undefined);
    });
  }

  it('of any other kind is not found', () => {
    assert.equal(WORKLOAD_KINDS.length, KINDS.length);
    assert.equal(findWorkloadKind({ group: 'apps', resource: '' }, 'Job'), undefined);
    assert.equal(findWorkloadKind({ group: '', resource: '' }, 'Pod'), undefined);
  });

  it('has no template if that is not an object', () => {
    const [deployment] = WORKLOAD_KINDS;
    assert.ok(deployment !== undefined);
    for (const template of ['text', null, []])
      assert.equal(templateOf(deployment, { spec: { template } }), undefined);
  });

  it('has a controller if an owner is marked as one', () => {
    const owned = (...ownerReferences: readonly unknown[]): object => ({ metadata: { ownerReferences } });
    assert.equal(hasController(owned({ kind: 'App' }, { kind: 'Deployment', controller: true })), true);
    for (const object of [owned(), owned({ controller: false }), owned({ controller: 'true' }), {}, null])
      assert.equal(hasController(object), false);
  });
});

it('the claims of a StatefulSet are those with a name', () => {
  const claim = (name: unknown): object => ({ metadata: { name } });
  const volumeClaimTemplates = [claim('data'), claim(''), claim(7), {}, 'text', claim('logs')];
  assert.deepEqual(claimNames({ spec: { volumeClaimTemplates } }), ['data', 'logs']);
  assert.deepEqual(claimNames({ spec: {} }), []);
});
