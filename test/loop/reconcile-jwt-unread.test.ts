import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CompactSign } from 'jose';
import { reconcileJwt } from '../../src/loop/reconcile-jwt.ts';
import { findCondition } from '../../src/reconcile/conditions.ts';
import type { Failure } from '../../src/reconcile/failure.ts';
import { objectMember, type JsonObject } from '../../src/resources/json.ts';
import type { Jwt } from '../../src/resources/jwt.ts';
import { makeJwt, NO_STATUS, wireJwt } from '../fixtures/jwts.ts';
import { DAY, NOW, readKey } from '../fixtures/observed.ts';
import { jwt, makeReconciler, NEXT_ATTEMPT_AT, stored } from './made-reconciler.ts';
import { KEY_SECRET, wireSecret, WITH_KEY } from './model/sources.ts';

const UNREACHABLE: Failure = { meaning: 'failed', message: 'get secrets science/my-jwt: Unreachable' };

/** The JWT after its first round, and the Secret that it wrote. */
async function signOnce(): Promise<{ readonly settled: Jwt; readonly secret: JsonObject }> {
  const first = makeReconciler([KEY_SECRET]);
  await reconcileJwt(first.reconciler, jwt, NEXT_ATTEMPT_AT);
  const [recorded] = first.statuses;
  assert.ok(recorded !== undefined);
  return { settled: { ...jwt, recorded }, secret: stored(first.secrets[0]) };
}

/** The Secret with other metadata. */
function withMetadata(secret: JsonObject, more: JsonObject): JsonObject {
  return { ...secret, metadata: { ...objectMember(secret, 'metadata'), ...more } };
}

/** A round for which the API server answers no read of a Secret. */
async function reconcileUnread(of: Jwt, seen: readonly JsonObject[], now = NOW) {
  const made = makeReconciler([KEY_SECRET, ...seen], [], UNREACHABLE);
  const sources = {
    ...made.reconciler.observer.sources,
    readSecret: async () => Promise.reject(new Error('no answer')),
  };
  const observer = { ...made.reconciler.observer, sources };
  await reconcileJwt({ ...made.reconciler, observer, now: () => now * 1000 }, of, now + 4);
  const status = made.statuses.at(-1) ?? NO_STATUS;
  return { made, status, ready: findCondition(status, 'Ready') };
}

describe('a token that cannot be read at the moment', () => {
  const WITHOUT_LABELS = { labels: {} };
  /** As token-manager wrote it. */
  const LEGACY = { ...WITHOUT_LABELS, annotations: { 'tokens.osg-htc.org/last-signing-time': String(NOW) } };

  for (const [title, metadata] of [
    ['the label was taken off its Secret', WITHOUT_LABELS],
    ['token-manager wrote its Secret', LEGACY],
  ] as const)
    it(`stays Ready, and its record complete, until it expires, if ${title}`, async () => {
      const { settled, secret } = await signOnce();
      const { made, status, ready } = await reconcileUnread(settled, [withMetadata(secret, metadata)]);
      assert.deepEqual([ready?.status, ready?.reason], ['True', 'WriteFailed']);
      assert.equal(
        ready?.message,
        'Secret my-jwt held a valid token when it was read last, and was not read again: ' +
          'get secrets science/my-jwt: Unreachable; it is tried again',
      );
      const { conditions: _now, nextAttemptAt, ...kept } = status;
      const { conditions: _then, nextAttemptAt: _none, ...recorded } = settled.recorded;
      assert.deepEqual(kept, recorded);
      assert.equal(nextAttemptAt, NEXT_ATTEMPT_AT);
      assert.deepEqual(made.writes, ['status']);
      const again: Jwt = { ...settled, recorded: status };
      const seen = [withMetadata(secret, metadata)];
      const overdue = await reconcileUnread(again, seen, NOW + DAY - 3_600);
      assert.equal(overdue.ready?.status, 'True');
      assert.equal(findCondition(overdue.status, 'RenewalOverdue')?.status, 'True');
      const expired = await reconcileUnread(again, seen, NOW + DAY);
      assert.equal(expired.ready?.status, 'Unknown');
      assert.equal(expired.status.expiresAt, NOW + DAY);
    });

  it('may be gone if no watch shows its Secret: Ready is Unknown, and the record stays', async () => {
    const { settled } = await signOnce();
    const { status, ready } = await reconcileUnread(settled, []);
    assert.deepEqual([ready?.status, ready?.reason], ['Unknown', 'WriteFailed']);
    assert.match(ready?.message ?? '', /^it is not known whether Secret my-jwt holds a valid token: get sec/);
    assert.equal(status.tokenId, settled.recorded.tokenId);
    assert.equal(status.expiresAt, NOW + DAY);
    assert.equal(status.retiredKeys, undefined);
  });

  it('may not match a spec that has changed: Ready is Unknown, and the record stays', async () => {
    const { settled, secret } = await signOnce();
    const edited: Jwt = { ...settled, generation: settled.generation + 1 };
    const { status, ready } = await reconcileUnread(edited, [withMetadata(secret, WITHOUT_LABELS)]);
    assert.equal(ready?.status, 'Unknown');
    assert.equal(status.expiresAt, NOW + DAY);
  });

  it('is Unknown if nothing was recorded of it', async () => {
    const { secret } = await signOnce();
    const { status, ready } = await reconcileUnread(jwt, [withMetadata(secret, WITHOUT_LABELS)]);
    assert.equal(ready?.status, 'Unknown');
    assert.equal(status.expiresAt, undefined);
  });
});

describe('a token of token-manager without issuer, after an outage', () => {
  /** The JWT that was taken over with its Secret, which no watch shows during the outage. */
  async function takeOver(): Promise<{ readonly taken: Jwt; readonly secret: JsonObject }> {
    const signingKey = await readKey();
    const claims = {
      ...wireJwt().spec.data,
      iat: NOW,
      nbf: NOW - 60,
      exp: NOW + DAY,
      jti: 'of-token-manager',
    };
    const token = await new CompactSign(Buffer.from(JSON.stringify(claims)))
      .setProtectedHeader({ alg: 'ES256', kid: 'my-jwt-key' })
      .sign(signingKey.privateKey);
    const annotations = { 'tokens.osg-htc.org/last-signing-time': String(NOW) };
    const { secret: own } = await signOnce();
    const { ownerReferences } = objectMember(own, 'metadata') ?? {};
    const secret = wireSecret('my-jwt', { token }, { annotations, ownerReferences });
    const first = makeReconciler([KEY_SECRET, secret]);
    await reconcileJwt(first.reconciler, jwt, NEXT_ATTEMPT_AT);
    const [recorded] = first.statuses;
    assert.equal(recorded?.tokenId, 'of-token-manager');
    return { taken: { ...jwt, recorded }, secret };
  }
  /** The causes of the signatures once the API server answers again. */
  async function signaturesAfter(status: Jwt['recorded'], of: Jwt, secret: JsonObject) {
    const back = makeReconciler([KEY_SECRET, secret], [], UNREACHABLE, [of]);
    await reconcileJwt(back.reconciler, { ...of, recorded: status }, NEXT_ATTEMPT_AT);
    return back.signed.map(({ cause }) => cause);
  }

  it('stays', async () => {
    const { taken, secret } = await takeOver();
    const { status, ready } = await reconcileUnread(taken, []);
    assert.equal(ready?.status, 'Unknown');
    assert.deepEqual(await signaturesAfter(status, taken, secret), []);
  });

  it('is signed again if the issuer was edited meanwhile', async () => {
    const { taken, secret } = await takeOver();
    const spec = makeJwt({ ...WITH_KEY, issuer: 'https://b.example' });
    const edited: Jwt = { ...spec, generation: 2, recorded: taken.recorded };
    const { status } = await reconcileUnread(edited, []);
    assert.equal(status.issuer, taken.recorded.issuer, 'the issuer of the token');
    assert.deepEqual(await signaturesAfter(status, edited, secret), ['ClaimsMismatch']);
  });
});
