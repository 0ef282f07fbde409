import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { reconcileJwt } from '../../src/loop/reconcile-jwt.ts';
import { findCondition } from '../../src/reconcile/conditions.ts';
import type { JsonObject } from '../../src/resources/json.ts';
import type { Jwt } from '../../src/resources/jwt.ts';
import { makeJwt, NO_STATUS } from '../fixtures/jwts.ts';
import { makeKey, NRP_KEY, toPem } from '../fixtures/keys.ts';
import { makeReconciler, NEXT_ATTEMPT_AT, stored } from './made-reconciler.ts';
import { wireSecret } from './model/sources.ts';

const specOf = (dataKey: string) => ({ key: { secret: { name: 'k', key: dataKey } } });
const KEYS = wireSecret('k', {
  'key.pem': NRP_KEY,
  'copy.pem': NRP_KEY,
  'next.pem': toPem(makeKey('ES256')),
});

/**
 * A JWT that signs with `key.pem`, its Secret, and an edit that changes to another entry of the same Secret.
 */
async function settle(): Promise<{
  readonly settled: Jwt;
  readonly secret: JsonObject;
  readonly edit: (dataKey: string) => Jwt;
}> {
  const jwt = makeJwt(specOf('key.pem'));
  const first = makeReconciler([KEYS]);
  await reconcileJwt(first.reconciler, jwt, NEXT_ATTEMPT_AT);
  const recorded = first.statuses[0] ?? NO_STATUS;
  const edit = (dataKey: string): Jwt => ({
    ...makeJwt(specOf(dataKey)),
    generation: jwt.generation + 1,
    recorded,
  });
  return { settled: { ...jwt, recorded }, secret: stored(first.secrets[0]), edit };
}

describe('a JWT that names another entry of the same key Secret', () => {
  it('is signed at once with the key in it', async () => {
    const { secret, edit } = await settle();
    const made = makeReconciler([KEYS, secret]);
    await reconcileJwt(made.reconciler, edit('next.pem'), NEXT_ATTEMPT_AT);
    assert.deepEqual([made.reads, made.signed[0]?.cause], [['science/k'], 'KeyChanged']);
  });

  it('reports at once that there is no such entry', async () => {
    const { secret, edit } = await settle();
    const made = makeReconciler([KEYS, secret]);
    await reconcileJwt(made.reconciler, edit('typo.pem'), NEXT_ATTEMPT_AT);
    assert.deepEqual(made.signed, []);
    const { status, reason, message } = findCondition(made.statuses[0] ?? NO_STATUS, 'KeyAvailable') ?? {};
    assert.deepEqual([status, reason], ['False', 'KeyNotFound']);
    assert.match(message ?? '', /no data key "typo\.pem"/);
  });

  it('keeps its token if the key in it is the same', async () => {
    const { secret, edit } = await settle();
    const made = makeReconciler([KEYS, secret]);
    await reconcileJwt(made.reconciler, edit('copy.pem'), NEXT_ATTEMPT_AT);
    assert.deepEqual([made.reads, made.writes], [['science/k'], ['status']]);
    assert.match(made.statuses[0]?.keyVersion ?? '', /\/copy\.pem$/);
  });
});

it('a status of an earlier version, whose key version lacks the entry, costs one read of the key and no write', async () => {
  const { settled, secret } = await settle();
  const { keyVersion } = settled.recorded;
  assert.equal(keyVersion, 'uid-k/5/key.pem');
  const earlier: Jwt = { ...settled, recorded: { ...settled.recorded, keyVersion: 'uid-k/5' } };
  const made = makeReconciler([KEYS, secret]);
  for (let round = 0; round < 2; round += 1) await reconcileJwt(made.reconciler, earlier, NEXT_ATTEMPT_AT);
  assert.deepEqual([made.reads, made.writes], [['science/k'], []]);
});
