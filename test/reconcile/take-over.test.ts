import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  isKopf,
  isLegacySecret,
  lastAsked,
  releasePatch,
  releaseTime,
} from '../../src/reconcile/take-over.ts';
import { EXPIRES_AT, LAST_SIGNING_TIME } from '../../src/resources/names.ts';
import type { Jwt } from '../../src/resources/jwt.ts';
import { desiredStatus } from '../../src/reconcile/desired-status.ts';
import { doubtfulStatus } from '../../src/reconcile/doubtful-status.ts';
import type { Outcome } from '../../src/reconcile/outcome.ts';
import type { SecretObservation } from '../../src/reconcile/observed.ts';
import { makeJwt } from '../fixtures/jwts.ts';
import { DAY, makeObserved, NOW, ourSecret } from '../fixtures/observed.ts';
import { faulty, gone, key, noKey } from './outcomes.ts';

const KOPF = 'kopf.zalando.org/KopfFinalizerMarker';
const DELETED = { deletionTimestamp: '2027-01-15T08:00:00Z' };
const DELETED_AT = 1_800_000_000;

describe('the finalizer of token-manager', () => {
  const releaseOf = (metadata: object): number | undefined => releaseTime(makeJwt({}, { metadata }));

  it('is removed from a JWT that was deleted 10 s ago: a running token-manager does it sooner', () => {
    assert.equal(releaseOf({ ...DELETED, finalizers: ['a', KOPF] }), DELETED_AT + 10);
  });

  it('stays on a JWT that is not being deleted', () => {
    assert.equal(releaseOf({ finalizers: [KOPF] }), undefined);
  });

  it('is removed, and other finalizers stay', () => {
    for (const finalizers of [[], ['a'], ['example.org/kopf.zalando.org/x'], ['kopf.zalando.org.example/x']])
      assert.equal(releaseOf({ ...DELETED, finalizers }), undefined);
  });

  it('is removed alone, and only if the JWT did not change meanwhile', () => {
    const finalizers = ['before', KOPF, 'kopf.zalando.org/another', 'after'];
    assert.deepEqual(releasePatch(makeJwt({}, { metadata: { ...DELETED, finalizers } })), {
      metadata: { resourceVersion: '7', finalizers: ['before', 'after'] },
    });
  });

  it('has the prefix of kopf, as its annotations have', () => {
    assert.ok(isKopf(KOPF) && isKopf('kopf.zalando.org/last-handled-configuration'));
    assert.ok(!isKopf('kopf.dev/x') && !isKopf(''));
  });
});

describe('a Secret as token-manager left it', () => {
  const untouched = { labels: [], annotations: [] };
  const signed = { [LAST_SIGNING_TIME]: '1743630000.5' };
  const cases: readonly (readonly [string, Parameters<typeof isLegacySecret>[0], boolean])[] = [
    ['one that was signed, and never by us', { annotations: signed, ours: untouched }, true],
    ['one that was never signed', { annotations: {}, ours: untouched }, false],
    [
      'one that says when its token expires, as ours do',
      { annotations: { ...signed, [EXPIRES_AT]: '2027-01-16T08:00:00Z' }, ours: untouched },
      false,
    ],
    ['one with a label that we wrote', { annotations: signed, ours: { ...untouched, labels: ['a'] } }, false],
    [
      'one with an annotation that we wrote',
      { annotations: signed, ours: { ...untouched, annotations: ['a'] } },
      false,
    ],
    ['one with both', { annotations: signed, ours: { labels: ['a'], annotations: ['a'] } }, false],
  ];
  for (const [name, secret, expected] of cases) {
    it(`${expected ? 'is' : 'is not'} ${name}`, () => {
      assert.equal(isLegacySecret(secret), expected);
    });
  }
});

describe('what a token of token-manager does not say', () => {
  const ISSUER = 'https://issuer.example.com/';
  const legacy = {
    token: {
      state: 'valid',
      expiresAt: NOW + DAY,
      isLegacy: true,
      tokenId: undefined,
      signature: 'verified',
    },
  } as const;
  /** The JWT after a round that found that in its Secret. */
  const after = (jwt: Jwt, more: Partial<SecretObservation>, outcome: Outcome = {}, isRead = true): Jwt => {
    const observed = makeObserved({ jwt, secret: ourSecret(jwt, 0, more), key: isRead ? key : noKey });
    return { ...jwt, recorded: desiredStatus(observed, outcome, NOW) };
  };
  const edited = (jwt: Jwt, spec: Record<string, unknown>): Jwt => ({
    ...makeJwt(spec, { metadata: { generation: jwt.generation + 1 } }),
    recorded: jwt.recorded,
  });
  const asAsked = { issuer: ISSUER, lifetime: DAY };
  const taken = after(makeJwt(), legacy);
  const notRead: Outcome = { problem: { reason: 'WriteFailed', message: 'away' } };
  const wrong = { issuer: undefined, lifetime: undefined };
  const unread = { token: { state: 'unread' } } as const;
  const otherIssuer = { issuer: 'https://b.example' };

  it('is not judged before the take-over, also while its key cannot be read', () => {
    assert.equal(lastAsked(makeJwt()), undefined);
    const token = { ...legacy.token, signature: 'unknown' } as const;
    const waiting = after(makeJwt(), { token }, { problem: gone }, false);
    assert.equal(lastAsked(waiting), undefined);
    assert.equal(lastAsked(edited(waiting, { issuer: 'https://b.example' })), undefined);
  });

  it('is what the spec said at the take-over, for any edit and any failure that leaves the token as it is', () => {
    assert.deepEqual(lastAsked(taken), asAsked);
    assert.deepEqual(
      lastAsked(edited(taken, { issuer: 'https://b.example', expiryTime: { hours: 1 } })),
      asAsked,
    );
    assert.deepEqual(lastAsked(after(taken, unread, notRead)), asAsked);
    assert.deepEqual(lastAsked(after(taken, legacy, { problem: gone }, false)), asAsked);
    assert.deepEqual(lastAsked(after(edited(taken, { resignBefore: { hours: 1 } }), legacy)), asAsked);
  });

  /** The JWT after a round that found no Secret in the caches, and could not ask the API server for it. */
  const unfound = (jwt: Jwt): Jwt => ({
    ...jwt,
    recorded: desiredStatus(makeObserved({ jwt }), notRead, NOW),
  });

  it('is wrong from the first round that finds it wrong until a signature', () => {
    const failed = after(edited(taken, otherIssuer), { token: faulty }, { problem: gone }, false);
    assert.deepEqual(lastAsked(failed), wrong);
    assert.deepEqual(lastAsked(after(failed, unread, notRead)), wrong);
    assert.deepEqual(lastAsked(unfound(failed)), wrong);
    assert.deepEqual(lastAsked(edited(failed, {})), wrong, 'an edit that was taken back');
  });

  it('is what the spec said when somebody looked last, after rounds that could not look', () => {
    const doubtful = doubtfulStatus(taken, { reason: 'WriteFailed', message: 'a fault' }, NOW + 60, NOW);
    const rounds: Readonly<Record<string, Jwt>> = {
      'an unexpected failure': { ...taken, recorded: doubtful },
      'a Secret that no watch shows': unfound(taken),
      'an edit that changes no claim': after(
        edited(taken, { secretTemplate: { labels: { a: 'b' } }, resignBefore: { hours: 1 } }),
        unread,
        notRead,
      ),
      'an issuer that was edited': after(edited(taken, otherIssuer), unread, notRead),
      'an issuer that was edited, of a Secret that no watch shows': unfound(edited(taken, otherIssuer)),
      'a lifetime that was edited': after(edited(taken, { expiryTime: { hours: 1 } }), unread, notRead),
      'two such rounds': after(after(edited(taken, otherIssuer), unread, notRead), unread, notRead),
      'a status without conditions': { ...taken, recorded: { ...taken.recorded, conditions: [] } },
    };
    for (const [name, jwt] of Object.entries(rounds)) assert.deepEqual(lastAsked(jwt), asAsked, name);
  });
});
