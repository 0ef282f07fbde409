import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { annotatedPod, at, container, injected, KEYS, review, type Json } from './pods.ts';

const SHAPES: readonly [string, Json][] = [
  ['bare', annotatedPod()],
  [
    'with a ServiceAccount volume',
    annotatedPod({
      volumes: [
        { name: 'kube-api-access-x', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } },
      ],
      containers: [
        container('app', {
          volumeMounts: [
            { name: 'kube-api-access-x', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' },
          ],
        }),
      ],
    }),
  ],
  [
    'several tokens and containers',
    annotatedPod(
      { initContainers: [container('init')], containers: [container('a'), container('b', { env: [] })] },
      { [KEYS.token]: 'a, b.c', [KEYS.mountPath]: '/creds', [KEYS.skipContainers]: 'b' },
    ),
  ],
];

describe('a second review', () => {
  for (const [title, pod] of SHAPES) {
    it(`changes nothing in a patched pod: ${title}`, () => {
      const answer = review(injected(pod));
      assert.deepEqual([answer.decision, answer.reason, answer.operations], ['skip', 'AlreadyInjected', []]);
    });
  }

  it('changes nothing if a name was set in between', () => {
    const once = injected({
      ...annotatedPod(),
      metadata: { generateName: 'x-', annotations: { [KEYS.token]: 'my-jwt' } },
    });
    const named = { ...once, metadata: { name: 'x-abc', annotations: { [KEYS.token]: 'my-jwt' } } };
    assert.deepEqual(review(named).operations, []);
  });

  it('injects only a sidecar that a later webhook added', () => {
    const once = injected(annotatedPod());
    const containers = [...Object.values(Object(at(once, 'spec', 'containers'))), container('late')];
    const { operations } = review({ ...once, spec: { ...Object(once['spec']), containers } });
    assert.ok(
      operations.length === 2 && operations.every(({ path }) => path.startsWith('/spec/containers/1/')),
    );
  });

  it('does not move the first token if another one was added in between', () => {
    const once = injected(annotatedPod());
    const twice = injected({ ...once, metadata: { annotations: { [KEYS.token]: 'my-jwt,second' } } });
    assert.deepEqual(
      at(twice, 'spec', 'containers', 0, 'volumeMounts', 0),
      at(once, 'spec', 'containers', 0, 'volumeMounts', 0),
    );
    assert.deepEqual(at(twice, 'spec', 'containers', 0, 'env'), at(once, 'spec', 'containers', 0, 'env'));
  });

  it('changes nothing in a copy of a live pod', () => {
    const once = injected(annotatedPod());
    const live = { ...once, spec: { ...Object(once['spec']), nodeName: 'n1' }, status: { phase: 'Running' } };
    assert.deepEqual(review(live).operations, []);
  });

  it('gives the same bytes for the same input', () => {
    for (const [, pod] of SHAPES) {
      assert.equal(JSON.stringify(review(structuredClone(pod))), JSON.stringify(review(pod)));
    }
  });
});
