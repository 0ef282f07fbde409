import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createController } from '../../src/loop/controller.ts';
import { parseTokenSecret, type SecretWithEvidence } from '../../src/loop/observe.ts';
import { reconcileJwt } from '../../src/loop/reconcile-jwt.ts';
import { NO_STATUS } from '../fixtures/jwts.ts';
import { NOW } from '../fixtures/observed.ts';
import { virtualClock } from '../time/virtual-clock.ts';
import { jwt as keyedJwt, makeReconciler, NEXT_ATTEMPT_AT, stored } from './made-reconciler.ts';
import { KEY_SECRET } from './model/sources.ts';

test('the controller finds within ten minutes what no watch reported, in the caches', async () => {
  const first = makeReconciler([KEY_SECRET]);
  await reconcileJwt(first.reconciler, keyedJwt, NEXT_ATTEMPT_AT);
  const recorded = first.statuses[0] ?? NO_STATUS;
  const settled = { ...keyedJwt, recorded };
  const { reconciler, writes } = makeReconciler([KEY_SECRET, stored(first.secrets[0])], [], undefined, [
    settled,
  ]);
  const { sources } = reconciler.observer;
  const secret = parseTokenSecret(stored(first.secrets[0]), recorded.keyThumbprint);
  let shown: SecretWithEvidence = secret;
  const observer = { ...reconciler.observer, sources: { ...sources, tokenSecret: () => shown } };
  const clock = virtualClock(NOW * 1_000);
  const controller = createController({
    clock,
    workers: 4,
    onBug: (_key, error) => assert.fail(String(error)),
    reconciler: { ...reconciler, observer },
  });
  controller.addAtStart(settled);
  controller.start();
  await clock.advance(3_600_000);
  assert.deepEqual(writes, [], 'it needs nothing');
  shown = { ...secret, metadata: { ...secret.metadata, labels: {} } };
  await clock.advance(600_000);
  assert.equal(writes[0], 'secret', 'its labels are put back');
  await controller.stop();
});
