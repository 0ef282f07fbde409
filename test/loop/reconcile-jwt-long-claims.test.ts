import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digestLongClaims } from '../../src/cluster-state/packed-claims.ts';
import { reconcileJwt } from '../../src/loop/reconcile-jwt.ts';
import type { Jwt } from '../../src/resources/jwt.ts';
import { readSecretToken } from '../../src/resources/secret.ts';
import { readToken } from '../../src/signing/token.ts';
import { makeJwt, NO_STATUS } from '../fixtures/jwts.ts';
import { NOW } from '../fixtures/observed.ts';
import { makeReconciler, refused, NEXT_ATTEMPT_AT, stored } from './made-reconciler.ts';
import { KEY_SECRET, WITH_KEY } from './model/sources.ts';

describe('for a JWT with claims that the cache does not hold,', () => {
  const long = makeJwt({ ...WITH_KEY, data: { sub: 's'.repeat(40_000) } });

  it('the token is signed with all of them, and the JWT is read for that', async () => {
    const made = makeReconciler([KEY_SECRET], [], refused, [long]);
    await reconcileJwt(made.reconciler, digestLongClaims(long), NEXT_ATTEMPT_AT);
    assert.deepEqual(made.reads, ['science/k', `jwt science/${long.name}`]);
    assert.deepEqual(made.writes, ['secret', 'status']);
    const token = readToken(readSecretToken(made.secrets[0]) ?? '');
    assert.equal(token?.claims['sub'], 's'.repeat(40_000));
  });

  it('the token is judged without reading anything, also after a restart', async () => {
    const first = makeReconciler([KEY_SECRET], [], refused, [long]);
    await reconcileJwt(first.reconciler, digestLongClaims(long), NEXT_ATTEMPT_AT);
    const settled: Jwt = { ...digestLongClaims(long), recorded: first.statuses[0] ?? NO_STATUS };
    const second = makeReconciler([KEY_SECRET, stored(first.secrets[0])]);
    const round = await reconcileJwt(second.reconciler, settled, NEXT_ATTEMPT_AT);
    assert.deepEqual([second.writes, second.reads], [[], []]);
    assert.ok(round.next === 'wait' && round.dueAt !== undefined);
  });

  it('the token is renewed in time', async () => {
    const first = makeReconciler([KEY_SECRET], [], refused, [long]);
    const earlier = { ...first.reconciler, now: () => (NOW - 20 * 3600) * 1000 };
    await reconcileJwt(earlier, digestLongClaims(long), NEXT_ATTEMPT_AT);
    const whole: Jwt = { ...long, recorded: first.statuses[0] ?? NO_STATUS };
    const second = makeReconciler([KEY_SECRET, stored(first.secrets[0])], [], refused, [whole]);
    await reconcileJwt(second.reconciler, digestLongClaims(whole), NEXT_ATTEMPT_AT);
    assert.equal(second.signed[0]?.cause, 'RenewalDue');
    assert.deepEqual(second.reads, ['science/k', `jwt science/${long.name}`]);
  });

  it('nothing is signed if the JWT does not exist any more', async () => {
    const made = makeReconciler([KEY_SECRET]);
    const round = await reconcileJwt(made.reconciler, digestLongClaims(long), NEXT_ATTEMPT_AT);
    assert.deepEqual([round, made.writes, made.failed], [{ next: 'retry' }, [], []]);
  });

  it('a signature whose status was refused is not made again', async () => {
    const renewed = { ...long, annotations: { 'tokens.osg-htc.org/renew': '1' } };
    const first = makeReconciler([KEY_SECRET], ['status'], refused, [renewed]);
    await reconcileJwt(first.reconciler, digestLongClaims(renewed), NEXT_ATTEMPT_AT);
    const second = makeReconciler([KEY_SECRET, stored(first.secrets[0])], [], refused, [renewed]);
    const { memory } = first.reconciler;
    await reconcileJwt({ ...second.reconciler, memory }, digestLongClaims(renewed), NEXT_ATTEMPT_AT);
    assert.deepEqual(second.writes, ['status']);
  });
});
