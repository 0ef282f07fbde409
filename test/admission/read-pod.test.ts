import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readPod } from '../../src/admission/read-pod.ts';
import { annotatedPod, KEYS, review, type Json } from './pods.ts';

describe('the answer for a pod that is left alone has the reason', () => {
  for (const namespace of ['kube-system', 'jwt-injector']) {
    it(`by its namespace ${namespace}, whatever it asks for, in a file too`, () => {
      const read = readPod({ pod: annotatedPod(), namespace });
      const message = `pods of namespace ${namespace} are never touched`;
      assert.ok(!read.ok);
      const { decision, reason, message: said } = read.problem;
      assert.deepEqual([decision, reason, said], ['skip', 'NotRequested', message]);
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

describe('a pod that can get a token is read with', () => {
  const namespace = undefined;
  const volumes = [{ name: 'data', emptyDir: {} }];

  it('its own volumes, and those of the claims of its StatefulSet', () => {
    const pod = annotatedPod({ volumes });
    const namesOf = (claims?: readonly string[]): unknown => {
      const read = readPod({ pod, namespace, ...(claims === undefined ? {} : { claims }) });
      return read.ok && [...read.value.shape.volumes.keys()];
    };
    assert.deepEqual([namesOf(), namesOf([]), namesOf(['logs'])], [['data'], ['data'], ['data', 'logs']]);
  });

  it('its labels, if they are an object', () => {
    for (const [labels, expected] of [
      [{ a: 'b' }, { a: 'b' }],
      ['text', undefined],
      [null, undefined],
    ]) {
      const pod = { ...annotatedPod(), metadata: { labels, annotations: { [KEYS.token]: 'my-jwt' } } };
      const read = readPod({ pod, namespace });
      assert.ok(read.ok);
      assert.deepEqual(read.value.labels, expected);
    }
  });

  it('no annotations if they are not an object, which the API server refuses', () => {
    const read = readPod({ pod: { ...annotatedPod(), metadata: { annotations: 'text' } }, namespace });
    assert.equal(read.ok || read.problem.message, 'left to the API server: an annotation is not a string');
  });
});
