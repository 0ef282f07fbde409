import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readPod } from '../../src/admission/read-pod.ts';
import { annotatedPod, KEYS, review, type Json } from './pods.ts';

describe('a pod that is left alone is told why', () => {
  for (const namespace of ['kube-system', 'jwt-injector']) {
    it(`in namespace ${namespace}, whatever it asks for, in a file too`, () => {
      const read = readPod({ pod: annotatedPod(), namespace });
      const message = `pods of namespace ${namespace} are never touched`;
      assert.ok(!read.ok);
      assert.deepEqual([read.problem.reason, read.problem.message], ['NotRequested', message]);
    });
  }

  const mirror = { 'kubernetes.io/config.mirror': 'x' };
  const cases: readonly (readonly [Json, string, string])[] = [
    [annotatedPod({}, mirror), 'NotRequested', 'mirror pods of static pods are never touched'],
    [
      annotatedPod({}, { [KEYS.envVar]: 7 }),
      'NotRequested',
      'left to the API server: an annotation is not a string',
    ],
    [annotatedPod({ containers: [{}] }), 'NoContainers', 'left to the API server: containers[0] has no name'],
  ];
  for (const [pod, reason, message] of cases) {
    it(message, () => {
      const answer = review(pod);
      assert.deepEqual([answer.allowed, answer.reason, answer.message], [true, reason, message]);
    });
  }
});
