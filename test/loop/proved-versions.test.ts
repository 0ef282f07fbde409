import assert from 'node:assert/strict';
import { it } from 'node:test';
import { reconcileJwt } from '../../src/loop/reconcile-jwt.ts';
import { objectMember, type JsonObject } from '../../src/resources/json.ts';
import type { Jwt } from '../../src/resources/jwt.ts';
import { jwt, makeReconciler, NEXT_ATTEMPT_AT } from './made-reconciler.ts';
import { NO_STATUS } from '../fixtures/jwts.ts';
import { KEY_SECRET } from './model/sources.ts';

const touched = (object: JsonObject | undefined, resourceVersion: string): JsonObject => ({
  ...object,
  metadata: { ...objectMember(object, 'metadata'), uid: 'u', resourceVersion },
});

it('an annotation on the key Secret rewrites no status; the key is read once, and its version is written with the next change', async () => {
  const first = makeReconciler([KEY_SECRET]);
  await reconcileJwt(first.reconciler, jwt, NEXT_ATTEMPT_AT);
  const settled: Jwt = { ...jwt, recorded: first.statuses[0] ?? NO_STATUS };
  const annotated = makeReconciler([touched(KEY_SECRET, '77'), touched(first.secrets[0], '12')]);
  const { memory } = annotated.reconciler;
  await reconcileJwt(annotated.reconciler, settled, NEXT_ATTEMPT_AT);
  assert.deepEqual([annotated.writes, annotated.reads], [[], ['science/k']]);
  const later = makeReconciler([touched(KEY_SECRET, '77'), touched(first.secrets[0], '12')]);
  await reconcileJwt({ ...later.reconciler, memory }, settled, NEXT_ATTEMPT_AT);
  assert.deepEqual([later.writes, later.reads], [[], []], 'it is known to be the same key');
  const edited: Jwt = { ...settled, generation: jwt.generation + 1 };
  await reconcileJwt({ ...later.reconciler, memory }, edited, NEXT_ATTEMPT_AT);
  assert.deepEqual(later.writes, ['status']);
  assert.match(later.statuses[0]?.keyVersion ?? '', /\/77\/key\.pem$/);
});
