import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { reconcileJwt } from '../../src/loop/reconcile-jwt.ts';
import { skipRound } from '../../src/loop/skip-round.ts';
import type { Reconciler } from '../../src/loop/round.ts';
import type { JsonObject } from '../../src/resources/json.ts';
import type { Jwt } from '../../src/resources/jwt.ts';
import { NO_STATUS } from '../fixtures/jwts.ts';
import { DAY, NOW } from '../fixtures/observed.ts';
import { jwt, makeReconciler, NEXT_ATTEMPT_AT, stored } from './made-reconciler.ts';
import { KEY_SECRET } from './model/sources.ts';

/** A JWT and its Secret after the first round. */
async function settle(): Promise<{ readonly settled: Jwt; readonly secret: JsonObject }> {
  const first = makeReconciler([KEY_SECRET]);
  await reconcileJwt(first.reconciler, jwt, NEXT_ATTEMPT_AT);
  const recorded = first.statuses[0] ?? NO_STATUS;
  return { settled: { ...jwt, recorded }, secret: stored(first.secrets[0]) };
}

/** A process that has just started: a checker verifies signatures soon, or each round does. */
function started(secret: JsonObject, isCheckedSoon: boolean, seconds = NOW) {
  const made = makeReconciler([KEY_SECRET, secret]);
  const observer = { ...made.reconciler.observer, isCheckedSoon: () => isCheckedSoon };
  const reconciler: Reconciler = { ...made.reconciler, observer, now: () => seconds * 1_000 };
  return { ...made, reconciler };
}

describe('a check of a JWT', () => {
  it('has the result of a whole round, and does nothing, if nothing has to be done', async () => {
    const { settled, secret } = await settle();
    const made = started(secret, true);
    const look = skipRound(made.reconciler, settled);
    assert.ok(look?.next === 'wait' && look.dueAt !== undefined);
    const { next, dueAt } = look;
    const round = await reconcileJwt(started(secret, true).reconciler, settled, NEXT_ATTEMPT_AT);
    assert.deepEqual({ next, dueAt }, round);
    assert.deepEqual([made.writes, made.reads, made.changed, made.bugs], [[], [], [], []]);
  });

  it('leaves a signature without a planned check to a whole round, and knows it afterwards', async () => {
    const { settled, secret } = await settle();
    const made = started(secret, false);
    assert.equal(skipRound(made.reconciler, settled), undefined);
    const round = await reconcileJwt(made.reconciler, settled, NEXT_ATTEMPT_AT);
    const { next, dueAt } = skipRound(made.reconciler, settled) ?? {};
    assert.deepEqual({ next, dueAt }, round);
  });

  it('leaves everything else to a whole round', async () => {
    const { settled, secret } = await settle();
    const { recorded } = settled;
    const cases: Readonly<Record<string, readonly [Jwt, number?]>> = {
      'it is new': [jwt],
      'it is being deleted': [{ ...settled, isDeleting: true }],
      'another token is in its Secret': [{ ...settled, recorded: { ...recorded, tokenId: 'another' } }],
      'the status is out of date': [{ ...settled, generation: 2 }],
      'its renewal is due': [settled, NOW + 20 * 3_600],
      'its token has expired': [settled, NOW + DAY],
      'it has never been ready': [{ ...settled, recorded: { ...recorded, conditions: [] } }],
      'a new token is asked for': [{ ...settled, annotations: { 'tokens.osg-htc.org/renew': 'now' } }],
      'its spec cannot be served': [
        { ...settled, spec: { ok: false, problem: { reason: 'ClaimsInvalid', message: 'x' } } },
      ],
    };
    for (const [name, [each, seconds]] of Object.entries(cases)) {
      const made = started(secret, true, seconds);
      assert.equal(skipRound(made.reconciler, each), undefined, name);
      assert.deepEqual([made.writes, made.reads, made.changed], [[], [], []], name);
    }
  });

  it('leaves a bug to a whole round', async () => {
    const { settled, secret } = await settle();
    const { reconciler } = started(secret, true);
    const sources = {
      ...reconciler.observer.sources,
      secretMetadata: () => {
        throw new Error('a bug');
      },
    };
    const broken = { ...reconciler, observer: { ...reconciler.observer, sources } };
    assert.equal(skipRound(broken, settled), undefined);
  });
});
