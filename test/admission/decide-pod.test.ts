import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decidePod } from '../../src/admission/decide-pod.ts';
import type { Decision } from '../../src/admission/decision.ts';
import { readPod } from '../../src/admission/read-pod.ts';
import { annotatedPod, container, injected, KEYS, type Json } from './pods.ts';

function decide(pod: Json, namespace?: string): Decision {
  return decidePod(readPod({ pod, namespace }), undefined);
}

describe('the decision about a pod says in one line', () => {
  const two = annotatedPod(
    { containers: [container('a'), container('b')] },
    { [KEYS.token]: 'my-jwt,other' },
  );
  const bare = { spec: { containers: [container()] } };
  const cases: readonly (readonly [
    pod: Json,
    namespace: string | undefined,
    reason: string,
    message: string,
  ])[] = [
    [annotatedPod(), 'ns', 'Injected', 'my-jwt injected into 1 container'],
    [two, 'ns', 'Injected', 'my-jwt, other injected into 2 containers'],
    [injected(two), 'ns', 'AlreadyInjected', 'what is injected for my-jwt, other is in the pod already'],
    [bare, 'ns', 'NotRequested', 'no token is named by the pod or by its namespace'],
    [bare, undefined, 'NotRequested', 'no token is named by the pod'],
    [
      annotatedPod({ os: { name: 'windows' } }),
      'ns',
      'WindowsPod',
      `spec.os.name asks for Windows, where tokens cannot be injected: annotate the pod with ${KEYS.inject}: "false"`,
    ],
  ];
  for (const [pod, namespace, reason, message] of cases) {
    it(message, () => {
      const decision = decide(pod, namespace);
      assert.deepEqual([decision.reason, decision.message], [reason, message]);
    });
  }
});
