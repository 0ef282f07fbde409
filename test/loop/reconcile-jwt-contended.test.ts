import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { reconcileJwt } from '../../src/loop/reconcile-jwt.ts';
import type { RoundResult } from '../../src/queue/work.ts';
import { findCondition } from '../../src/reconcile/conditions.ts';
import { objectMember, type JsonObject } from '../../src/resources/json.ts';
import type { Jwt } from '../../src/resources/jwt.ts';
import { OWNING_JWT, RENEW } from '../../src/resources/names.ts';
import type { RecordedStatus } from '../../src/resources/recorded-status.ts';
import { NOW } from '../fixtures/observed.ts';
import { jwt, makeReconciler, NEXT_ATTEMPT_AT, stored } from './made-reconciler.ts';
import { NO_STATUS } from '../fixtures/jwts.ts';
import { makeKey, toPem } from '../fixtures/keys.ts';
import { KEY_SECRET, wireSecret } from './model/sources.ts';

describe('a Secret that another client changes again and again', () => {
  const REPLACED = {
    managedFields: [{ manager: 'peer', operation: 'Update', time: '2027-01-15T08:00:00Z' }],
  };
  const broken = (more: JsonObject = {}): JsonObject => {
    const secret = wireSecret('my-jwt', { token: 'garbage' });
    const metadata = objectMember(secret, 'metadata') ?? {};
    return {
      ...secret,
      metadata: {
        ...metadata,
        ...REPLACED,
        ownerReferences: [
          {
            apiVersion: 'tokens.osg-htc.org/v1',
            kind: 'JWT',
            name: jwt.name,
            uid: jwt.uid,
            controller: true,
          },
        ],
        ...more,
      },
    };
  };

  it('is written five times at once, then delayed, and its field managers are named', async () => {
    const made = makeReconciler([KEY_SECRET, broken()]);
    const reconciler = { ...made.reconciler, now: () => NOW * 1000 };
    for (let round = 0; round < 5; round += 1) await reconcileJwt(reconciler, jwt, NEXT_ATTEMPT_AT);
    assert.equal(made.signed.length, 5);
    const held = await reconcileJwt(reconciler, jwt, NEXT_ATTEMPT_AT);
    assert.deepEqual(held, { next: 'wait', dueAt: NOW * 1000 + 1_250 });
    assert.equal(made.signed.length, 5);
    const status = made.statuses.at(-1) ?? NO_STATUS;
    for (const [type, value] of [
      ['Ready', 'False'],
      ['Contended', 'True'],
    ] as const) {
      const condition = findCondition(status, type);
      assert.deepEqual([condition?.status, condition?.reason], [value, 'Contended']);
      assert.match(condition?.message ?? '', /field managers seen: "peer"\).*kubectl get secret my-jwt/);
    }
  });

  it('costs no read of its JWT while it is delayed, even if one is needed before the next write', async () => {
    const digested = (): Jwt => {
      assert.ok(jwt.spec.ok);
      return { ...jwt, spec: { ok: true, value: { ...jwt.spec.value, claimsDigest: 'x' } } };
    };
    const published: Jwt = { ...jwt, recorded: { ...NO_STATUS, tokenId: 'of a token that is gone' } };
    for (const [title, wanted, secrets] of [
      [
        'it may be an orphan',
        jwt,
        [broken({ ownerReferences: [], annotations: { [OWNING_JWT]: 'science/my-jwt' } })],
      ],
      ['the cache keeps only a digest of its claims', digested(), [broken()]],
      ['its Secret is missing', published, []],
    ] as const) {
      const made = makeReconciler([KEY_SECRET, ...secrets], [], undefined, [jwt]);
      const readsOfJwt = (): number => made.reads.filter((path) => path.startsWith('jwt ')).length;
      for (let write = 0; write < 6; write += 1) made.reconciler.memory.budget.spend(jwt.uid, NOW, {});
      for (let round = 0; round < 10; round += 1)
        assert.equal((await reconcileJwt(made.reconciler, wanted, NEXT_ATTEMPT_AT)).next, 'wait');
      assert.deepEqual([readsOfJwt(), made.signed.length], [0, 0], title);
      assert.equal(findCondition(made.statuses.at(-1) ?? NO_STATUS, 'Contended')?.status, 'True', title);
      const later = { ...made.reconciler, now: () => (NOW + 60) * 1000 };
      await reconcileJwt(later, wanted, NEXT_ATTEMPT_AT);
      assert.deepEqual([readsOfJwt(), made.signed.length], [1, 1], title);
    }
  });

  it('is also delayed by the next term of the same process', async () => {
    const made = makeReconciler([KEY_SECRET, broken()]);
    for (let round = 0; round < 5; round += 1) await reconcileJwt(made.reconciler, jwt, NEXT_ATTEMPT_AT);
    const next = makeReconciler([KEY_SECRET, broken()]);
    const term = { ...next.reconciler, memory: made.reconciler.memory };
    assert.deepEqual(await reconcileJwt(term, jwt, NEXT_ATTEMPT_AT), {
      next: 'wait',
      dueAt: NOW * 1000 + 1_250,
    });
    assert.deepEqual([made.signed.length, next.signed.length], [5, 0]);
    term.memory.jwtChanged(jwt, undefined);
    await reconcileJwt(term, jwt, NEXT_ATTEMPT_AT);
    assert.equal(next.signed.length, 1, 'a JWT that was created again has a budget of its own');
  });

  it('is checked again when it was left alone for long enough, and the condition goes', async () => {
    const made = makeReconciler([KEY_SECRET, broken()]);
    for (let round = 0; round < 6; round += 1) await reconcileJwt(made.reconciler, jwt, NEXT_ATTEMPT_AT);
    const { memory } = made.reconciler;
    const [, , , , last] = made.secrets;
    const after = async (seconds: number, recorded: RecordedStatus) => {
      const left = makeReconciler([KEY_SECRET, stored(last)]);
      const reconciler = { ...left.reconciler, memory, now: () => (NOW + seconds) * 1000 };
      const round = await reconcileJwt(reconciler, { ...jwt, recorded }, NOW + seconds + 4);
      const dueAt = round.next === 'wait' ? (round.dueAt ?? 0) / 1000 - NOW : 0;
      return { left, recorded: left.statuses.at(-1) ?? recorded, dueAt };
    };
    for (let write = 0; write < 2; write += 1) memory.budget.spend(jwt.uid, NOW, {});
    const soon = await after(1, made.statuses.at(-1) ?? NO_STATUS);
    assert.equal(findCondition(soon.recorded, 'Contended')?.status, 'True');
    assert.ok(soon.dueAt > 120 && soon.dueAt < 140, `in ${soon.dueAt} s`);
    const then = await after(soon.dueAt, soon.recorded);
    assert.equal(findCondition(then.recorded, 'Contended'), undefined);
    assert.deepEqual(then.left.changed, ['Contended over']);
  });

  it('is still renewed at the time in its status', async () => {
    const made = makeReconciler([KEY_SECRET, broken()]);
    for (let write = 0; write < 20; write += 1) made.reconciler.memory.budget.spend(jwt.uid, NOW, {});
    const announced: Jwt = { ...jwt, recorded: { ...NO_STATUS, renewsAt: NOW - 1 } };
    await reconcileJwt(made.reconciler, announced, NEXT_ATTEMPT_AT);
    assert.equal(made.signed.length, 1);
    await reconcileJwt(made.reconciler, announced, NEXT_ATTEMPT_AT);
    assert.equal(made.signed.length, 1, 'once in half a minute: its status may not have been written');
  });
});

describe('a JWT that is changed again and again, while nobody touches its Secret', () => {
  const edited = (edit: number): Jwt => {
    assert.ok(jwt.spec.ok);
    const data = { scope: `storage.read:/${edit}` };
    return { ...jwt, generation: edit + 2, spec: { ok: true, value: { ...jwt.spec.value, data } } };
  };
  const asked = (edit: number): Jwt => ({ ...jwt, annotations: { [RENEW]: String(edit) } });
  const newKey = (edit: number): JsonObject =>
    wireSecret('k', { 'key.pem': toPem(makeKey('ES256')) }, { resourceVersion: String(100 + edit) });

  for (const [title, jwtAt, keyAt] of [
    ['its claims', edited, () => KEY_SECRET],
    ['the request for a renewal', asked, () => KEY_SECRET],
    ['its key', () => jwt, newKey],
  ] as const)
    it(`is delayed after five changes, and nobody else is accused: ${title}`, async () => {
      const { memory } = makeReconciler([]).reconciler;
      let recorded = NO_STATUS;
      let secrets: readonly JsonObject[] = [];
      let now = NOW;
      let changes = 0;
      let held = 0;
      for (let round = 0; round < 40; round += 1) {
        const wanted: Jwt = { ...jwtAt(changes), recorded };
        const made = makeReconciler([keyAt(changes), ...secrets], [], undefined, [wanted]);
        const reconciler = { ...made.reconciler, memory, now: () => now * 1000 };
        const result = await reconcileJwt(reconciler, wanted, NEXT_ATTEMPT_AT);
        recorded = made.statuses.at(-1) ?? recorded;
        if (made.signed.length > 0) {
          secrets = [stored(made.secrets[0])];
          changes += 1;
          continue;
        }
        held += 1;
        assert.ok(changes >= 5, 'five are signed at once');
        now = Math.max(now, nextRoundAt(result));
        const { reason, message = '' } = findCondition(recorded, 'Contended') ?? {};
        assert.equal(reason, 'Contended');
        assert.match(message, /^the JWT, or its key, keeps changing, so its token is signed again at longer/);
        assert.match(message, /\(kubectl get jwt my-jwt -n science -o yaml --show-managed-fields\)/);
      }
      assert.ok(held > 10 && changes > 15, 'each further change is held back once, then signed');
      assert.equal(recorded.renewals, changes - 1, 'all but the first are renewals');
    });
});

describe('a Secret that is deleted again and again', () => {
  it('is said to be deleted by somebody, however long that goes on', async () => {
    const { memory } = makeReconciler([]).reconciler;
    let recorded = NO_STATUS;
    let now = NOW;
    let signatures = 0;
    for (let round = 0; round < 40; round += 1) {
      const wanted: Jwt = { ...jwt, recorded };
      const made = makeReconciler([KEY_SECRET], [], undefined, [wanted]);
      const reconciler = { ...made.reconciler, memory, now: () => now * 1000 };
      const result = await reconcileJwt(reconciler, wanted, NEXT_ATTEMPT_AT);
      recorded = made.statuses.at(-1) ?? recorded;
      signatures += made.signed.length;
      if (made.signed.length > 0) continue;
      now = Math.max(now, nextRoundAt(result));
      assert.match(
        findCondition(recorded, 'Contended')?.message ?? '',
        /^somebody keeps changing or deleting/,
      );
    }
    assert.ok(signatures > 15);
    assert.equal(recorded.renewals, signatures - 1, 'all but the first are renewals');
  });
});

/** When the next round is due, in seconds since the epoch. */
function nextRoundAt(result: RoundResult): number {
  return result.next === 'wait' ? (result.dueAt ?? 0) / 1000 : 0;
}
