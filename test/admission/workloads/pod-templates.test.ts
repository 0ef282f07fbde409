import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findTemplates, nameContainers } from '../../../src/admission/workloads/pod-templates.ts';
import { container, type Json } from '../pods.ts';

const TEMPLATE: Json = { spec: { containers: [container()] } };

/** The object with the value at the end of the path. */
function nest(path: readonly string[], value: unknown): unknown {
  return path.reduceRight((inner, key) => ({ [key]: inner }), value);
}

function pathsIn(object: unknown): readonly string[] {
  return findTemplates(object).map(({ path }) => path.join('.'));
}

describe('the pod templates of an object of any kind', () => {
  const places: readonly string[] = [
    'template', // PodTemplate
    'spec.template', // ReplicationController, Rollout
    'spec.jobTargetRef.template', // ScaledJob
    'spec.pytorchReplicaSpecs.Worker.template', // PyTorchJob
  ];
  for (const place of places) {
    it(`are found at ${place}`, () => {
      const found = findTemplates(nest(place.split('.'), TEMPLATE));
      assert.deepEqual(found, [{ path: place.split('.'), template: TEMPLATE }]);
    });
  }

  it('are all found in a list, those at higher levels first', () => {
    const spec = {
      workerGroupSpecs: [{ template: TEMPLATE }, { replicas: 1 }, { template: TEMPLATE }],
      headGroupSpec: { template: TEMPLATE },
    };
    assert.deepEqual(pathsIn({ spec }), [
      'spec.headGroupSpec.template',
      'spec.workerGroupSpecs.0.template',
      'spec.workerGroupSpecs.2.template',
    ]);
  });

  it('are not searched for elsewhere, nor inside another template, nor under another name', () => {
    assert.deepEqual(pathsIn({ status: { template: TEMPLATE }, metadata: { template: TEMPLATE } }), []);
    const outer = { ...TEMPLATE, more: { template: TEMPLATE } };
    assert.deepEqual(pathsIn({ spec: { template: outer } }), ['spec.template']);
    assert.deepEqual(pathsIn({ spec: { pod: TEMPLATE } }), []);
  });

  it('are objects with containers: others are searched', () => {
    for (const value of [null, 'text', 7, [], {}, { spec: {} }, { spec: { containers: {} } }])
      assert.deepEqual(pathsIn({ spec: { template: value } }), [], JSON.stringify(value));
    const crd = { spec: { template: { spec: { template: TEMPLATE } } } };
    assert.deepEqual(pathsIn(crd), ['spec.template.spec.template']);
    assert.deepEqual(pathsIn({ spec: { template: { spec: { containers: [] } } } }), ['spec.template']);
  });

  it('are found up to ten levels deep', () => {
    const deep = (length: number): unknown =>
      nest(['spec', ...Array.from({ length: length - 2 }, () => 'x'), 'template'], TEMPLATE);
    assert.equal(pathsIn(deep(10)).length, 1);
    assert.equal(pathsIn(deep(11)).length, 0);
  });

  it('are found among up to 100,000 values', () => {
    const among = (count: number): unknown => ({
      spec: { list: Array.from({ length: count }, () => 0), z: { template: TEMPLATE } },
    });
    // `spec` and the absent `template`, then `list` and `z`, then the numbers, and the template after them
    assert.equal(pathsIn(among(100_000 - 5)).length, 1);
    assert.equal(pathsIn(among(100_000 - 4)).length, 0);
  });

  it('are not searched for below names of prototypes', () => {
    for (const name of ['__proto__', 'constructor', 'prototype']) {
      const spec: unknown = JSON.parse(`{"${name}": {"template": ${JSON.stringify(TEMPLATE)}}}`);
      assert.deepEqual(pathsIn({ spec }), [], name);
    }
  });

  it('are not found in a value of another type', () => {
    for (const object of [undefined, null, 'spec', 7, [], {}]) assert.deepEqual(findTemplates(object), []);
  });
});

describe('a container without a name', () => {
  const withContainers = (...containers: readonly unknown[]): Json => ({
    metadata: { labels: { a: 'b' } },
    spec: { volumes: [], containers },
  });

  it('gets the name that Knative gives, if it is the only one', () => {
    for (const name of [undefined, null, '']) {
      assert.deepEqual(
        nameContainers(withContainers({ image: 'i', name })),
        withContainers({ image: 'i', name: 'user-container' }),
      );
    }
  });

  it('stays as it is otherwise', () => {
    const templates: readonly Json[] = [
      withContainers(container('app')),
      withContainers({ image: 'i' }, container('app')),
      withContainers({ image: 'i' }, { image: 'i' }),
      withContainers({ image: 'i', name: 7 }),
      withContainers('text'),
      withContainers(),
      { spec: { containers: { name: '' } } },
      { spec: 'text' },
      {},
    ];
    for (const template of templates)
      assert.equal(nameContainers(template), template, JSON.stringify(template));
  });
});
