import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isKopf, isLegacySecret, releasePatch, releaseTime } from '../../src/reconcile/take-over.ts';
import { EXPIRES_AT, LAST_SIGNING_TIME } from '../../src/resources/names.ts';
import { makeJwt } from '../fixtures/jwts.ts';

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
