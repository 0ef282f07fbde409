import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PendingStatuses } from '../../src/loop/pending-statuses.ts';
import type { SignedEntry } from '../../src/loop/recorder.ts';
import type { Jwt } from '../../src/resources/jwt.ts';
import type { RecordedStatus } from '../../src/resources/recorded-status.ts';
import { makeJwt, NO_STATUS } from '../fixtures/jwts.ts';

const jwt = makeJwt();
const SIGNATURE: SignedEntry = {
  namespace: 'science',
  name: 'my-jwt',
  uid: jwt.uid,
  cause: 'RenewalDue',
  algorithm: 'ES256',
  keyId: 'k',
  tokenId: 'a',
  expiresAt: 1_800_000_000,
  duration: 0.001,
  lateness: undefined,
};
const status = { ...NO_STATUS, tokenId: 'a', renewals: 1 };

function withUid(uid: string): Jwt {
  return { ...jwt, uid };
}

function note(pending: PendingStatuses, of: Jwt, tokenId: string, after: RecordedStatus): void {
  pending.note(of, { ...SIGNATURE, uid: of.uid, tokenId }, after);
}

describe('statuses of tokens that are being written', () => {
  it('are those of the JWT whose Secret holds such a token', () => {
    const pending = new PendingStatuses();
    note(pending, jwt, 'a', status);
    note(pending, jwt, 'b', { ...status, tokenId: 'b' });
    assert.equal(pending.recall(jwt, 'a').recorded, status);
    assert.equal(pending.recall(jwt, 'b').recorded.tokenId, 'b');
    assert.equal(pending.recall(jwt, 'c'), jwt);
    assert.equal(pending.recall(withUid('another'), 'a').recorded, jwt.recorded);
  });

  it('count whatever the Secret holds once their token was written, while the API server has the status before', () => {
    const pending = new PendingStatuses();
    for (const tokenId of ['a', 'b', 'c']) note(pending, jwt, tokenId, { ...status, tokenId });
    pending.written(jwt.uid, 'b');
    const recalled = (tokenId: unknown, stored = jwt): unknown =>
      pending.recall(stored, tokenId).recorded.tokenId;
    for (const tokenId of [undefined, 'a', 'b', 'of somebody']) assert.equal(recalled(tokenId), 'b');
    assert.equal(recalled('c'), 'c', 'it arrived later');
    const changed = { ...jwt, recorded: { ...NO_STATUS, renewals: 7 } };
    assert.equal(pending.recall(changed, undefined), changed, 'another leader may have written it');
    assert.equal(recalled('a', changed), 'a');
    const late = { ...jwt, recorded: { ...status, tokenId: 'b' } };
    assert.equal(pending.recall(late, 'b'), late, 'the status came after all');
  });

  it('are those of a token that is written once', () => {
    const pending = new PendingStatuses();
    note(pending, jwt, 'a', status);
    assert.equal(pending.written(jwt.uid, 'b'), undefined);
    assert.equal(pending.written('another', 'a'), undefined);
    assert.equal(pending.written(jwt.uid, 'a')?.tokenId, 'a');
    assert.equal(pending.written(jwt.uid, 'a'), undefined);
  });

  it('are dropped if the token is refused, and forgotten with their JWT', () => {
    const pending = new PendingStatuses();
    note(pending, jwt, 'a', status);
    note(pending, jwt, 'b', status);
    pending.drop(jwt.uid, 'b');
    pending.drop('another', 'a');
    assert.equal(pending.recall(jwt, 'b'), jwt);
    assert.equal(pending.recall(jwt, 'a').recorded, status);
    pending.forget(jwt.uid);
    assert.equal(pending.recall(jwt, 'a'), jwt);
  });

  it('are limited for each JWT and in total; the latest stay', () => {
    const pending = new PendingStatuses();
    for (let token = 0; token <= 16; token += 1) note(pending, jwt, `t${token}`, status);
    assert.equal(pending.recall(jwt, 't0'), jwt);
    assert.equal(pending.recall(jwt, 't1').recorded, status);
    for (let uid = 0; uid < 10_000; uid += 1) note(pending, withUid(`u${uid}`), 'a', status);
    assert.equal(pending.recall(jwt, 't16'), jwt, 'it was noted before all others');
    const first = withUid('u0');
    assert.equal(pending.recall(first, 'a').recorded, status);
    note(pending, withUid('u10000'), 'a', status);
    assert.equal(pending.recall(first, 'a'), first);
    assert.equal(pending.recall(withUid('u1'), 'a').recorded, status);
  });
});
