import assert from 'node:assert/strict';
import { expectPod } from '../admission/model.ts';
import { at, KEYS, type Json } from '../admission/pods.ts';
import type { AdmissionStage } from './admission-stage.ts';
import type { Answer } from './user-api.ts';

/**
 * Creates the pod, and the pod that the model makes of it, which is opted out so that it stays unchanged: the
 * API server must give equal objects for both. Returns the result. Both are dry runs.
 */
export async function compareWithModel(
  { create }: Pick<AdmissionStage, 'create'>,
  namespace: string,
  pod: Json,
): Promise<{ outcome: 'alike' | 'denied' | 'invalid'; answer: Answer }> {
  const answer = await create(namespace, pod, 'dryRun');
  const expected = expectPod(pod);
  if (expected === 'refused') {
    assert.equal(answer.status, 400, JSON.stringify(pod));
    assert.match(answer.body.message, /^admission webhook "pods.tokens.osg-htc.org" denied the request: /);
    return { outcome: 'denied', answer };
  }
  const other = await create(namespace, optOut(expected === 'untouched' ? pod : expected.pod), 'dryRun');
  assert.equal(answer.status, other.status, `${answer.body.message}: ${JSON.stringify(pod)}`);
  if (answer.status !== 201) {
    assert.equal(answer.status, 422);
    return { outcome: 'invalid', answer };
  }
  assert.deepEqual(withoutAccount(answer.body.spec), withoutAccount(other.body.spec), JSON.stringify(pod));
  return { outcome: 'alike', answer };
}

function optOut(pod: Json): Json {
  const annotations = { ...Object(at(pod, 'metadata', 'annotations')), [KEYS.inject]: 'false' };
  return { ...pod, metadata: { ...Object(pod['metadata']), annotations } };
}

/**
 * Removes the ServiceAccount's volume: it has a random name, and is before our volume or after that of the
 * model.
 */
function withoutAccount(spec: unknown): unknown {
  return JSON.parse(JSON.stringify(spec), (_key, value: unknown) =>
    Array.isArray(value)
      ? value.filter((entry) => !String(at(entry, 'name')).startsWith('kube-api-access-'))
      : value,
  );
}
