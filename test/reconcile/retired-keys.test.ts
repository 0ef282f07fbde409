import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { recordRetiredKeys } from '../../src/reconcile/retired-keys.ts';
import { DAY, NOW } from '../fixtures/observed.ts';

const ISSUER = 'https://issuer.example';

const jwk = (kid: string, x = kid): string =>
  JSON.stringify({ kty: 'EC', crv: 'P-256', x, kid, alg: 'ES256', use: 'sig' });
const token = (kid: string, expiresAt: number | undefined, tokenId: string | undefined = `token-${kid}`) => ({
  publicKey: jwk(kid),
  expiresAt,
  tokenId,
  issuer: ISSUER,
});
const retired = (kid: string, expiresAt: number) => ({ publicKey: jwk(kid), expiresAt, issuer: ISSUER });

describe('retired keys', () => {
  it('do not exist as long as the same key signs', () => {
    const recorded = { ...token('old', NOW + 10), retiredKeys: undefined };
    assert.equal(recordRetiredKeys(recorded, token('old', NOW + DAY, 'next'), NOW), undefined);
  });

  it('are kept until their last token expires', () => {
    const recorded = { ...token('old', NOW + 10), retiredKeys: undefined };
    assert.deepEqual(recordRetiredKeys(recorded, token('new', NOW + DAY), NOW), [retired('old', NOW + 10)]);
  });

  it('include the same key under another kid: verifiers look for the kid', () => {
    const recorded = { ...token('old', NOW + 10), retiredKeys: undefined };
    const present = {
      publicKey: jwk('new', 'old'),
      expiresAt: NOW + DAY,
      tokenId: 'next',
      issuer: ISSUER,
    };
    assert.deepEqual(recordRetiredKeys(recorded, present, NOW), [retired('old', NOW + 10)]);
  });

  it('do not include a key that now signs with another algorithm: it is published once under its kid', () => {
    const recorded = { ...token('old', NOW + 10), retiredKeys: undefined };
    const present = { ...token('old', NOW + DAY, 'next'), publicKey: jwk('old').replace('ES256', 'ES512') };
    assert.equal(recordRetiredKeys(recorded, present, NOW), undefined);
  });

  it('are kept for tokens of a longer lifetime, after it became shorter', () => {
    const recorded = { ...token('old', NOW + DAY), retiredKeys: undefined };
    const shorter = recordRetiredKeys(recorded, token('old', NOW + 60, 'next'), NOW);
    assert.deepEqual(shorter, [retired('old', NOW + DAY)]);
    const replaced = { ...token('old', NOW + 60, 'next'), retiredKeys: shorter };
    assert.deepEqual(recordRetiredKeys(replaced, token('new', NOW + 60), NOW), [retired('old', NOW + DAY)]);
  });

  it('are not taken from a status without a key, or without an expiry', () => {
    const nothing = { publicKey: undefined, issuer: ISSUER, retiredKeys: undefined };
    const unnamed = { ...nothing, expiresAt: NOW + 10, tokenId: 'a' };
    assert.equal(recordRetiredKeys(unnamed, token('new', NOW + DAY), NOW), undefined);
    const endless = { ...nothing, publicKey: jwk('old'), expiresAt: undefined, tokenId: 'a' };
    assert.equal(recordRetiredKeys(endless, token('new', NOW + DAY), NOW), undefined);
  });

  it('include the key of a deleted token: it can still be in use', () => {
    const recorded = { ...token('old', NOW + DAY), retiredKeys: undefined };
    const gone = {
      publicKey: jwk('old'),
      expiresAt: undefined,
      tokenId: undefined,
      issuer: ISSUER,
    };
    const kept = recordRetiredKeys(recorded, gone, NOW);
    assert.deepEqual(kept, [retired('old', NOW + DAY)]);
    const again = recordRetiredKeys({ ...gone, retiredKeys: kept }, token('old', NOW + DAY), NOW);
    assert.equal(again, undefined, 'the same key signs again, for as long');
  });

  it('are several if one after the other was replaced, the last to expire first', () => {
    const recorded = { ...token('b', NOW + 20), retiredKeys: [retired('a', NOW + 30)] };
    const keys = recordRetiredKeys(recorded, token('c', NOW + DAY), NOW);
    assert.deepEqual(keys, [retired('a', NOW + 30), retired('b', NOW + 20)]);
  });

  it('include a key that returned and was replaced again only once, with its last expiry', () => {
    const recorded = { ...token('a', NOW + 40), retiredKeys: [retired('a', NOW + 30)] };
    assert.deepEqual(recordRetiredKeys(recorded, token('b', NOW + DAY), NOW), [retired('a', NOW + 40)]);
  });

  it('are removed with the next token after their expiry, and not earlier', () => {
    const recorded = { ...token('new', NOW + DAY), retiredKeys: [retired('old', NOW)] };
    assert.equal(recordRetiredKeys(recorded, token('new', NOW + DAY), NOW), recorded.retiredKeys);
    assert.equal(recordRetiredKeys(recorded, token('new', NOW + 2 * DAY, 'next'), NOW), undefined);
  });

  it('include the same key for another issuer, which stays published until its last token expires', () => {
    const recorded = { ...token('key', NOW + 10), issuer: 'https://old', retiredKeys: undefined };
    // A token of the new issuer could not be signed yet: the status already names the new issuer, and the old
    // token still exists.
    const waiting = { ...token('key', NOW + 10), issuer: 'https://new' };
    const kept = [{ ...retired('key', NOW + 10), issuer: 'https://old' }];
    assert.deepEqual(recordRetiredKeys(recorded, waiting, NOW), kept);
    const present = { ...token('key', NOW + DAY, 'next'), issuer: 'https://new' };
    assert.deepEqual(recordRetiredKeys({ ...waiting, retiredKeys: kept }, present, NOW), kept);
    const back = { ...token('key', NOW + 2 * DAY, 'last'), issuer: 'https://old' };
    assert.deepEqual(recordRetiredKeys({ ...present, retiredKeys: kept }, back, NOW), [
      { ...retired('key', NOW + DAY), issuer: 'https://new' },
    ]);
  });

  it('do not include the key of tokens without an issuer, which verifiers refuse', () => {
    const recorded = { ...token('old', NOW + 10), issuer: undefined, retiredKeys: undefined };
    assert.equal(recordRetiredKeys(recorded, token('new', NOW + DAY), NOW), undefined);
  });

  it('include invalid JWKs in the status, as long as their tokens can be in use', () => {
    const [x, y] = ['x', 'y'].map((publicKey) => ({ publicKey, expiresAt: NOW + 10, issuer: ISSUER }));
    assert.ok(x !== undefined && y !== undefined);
    const recorded = { ...x, tokenId: 'token-x', retiredKeys: [y] };
    assert.deepEqual(recordRetiredKeys(recorded, token('new', NOW + DAY), NOW), [x, y]);
    const unnamed = { ...token('new', NOW + DAY), publicKey: undefined };
    assert.deepEqual(recordRetiredKeys(recorded, unnamed, NOW), [x, y]);
  });

  it('are at most as many as the CRD allows', () => {
    const many = Array.from({ length: 16 }, (_, index) => retired(`k${index}`, NOW + 100 - index));
    const keys = recordRetiredKeys(
      { ...token('old', NOW + 500), retiredKeys: many },
      token('new', NOW + DAY),
      NOW,
    );
    assert.equal(keys?.length, 16);
    assert.deepEqual(keys[0], retired('old', NOW + 500));
  });
});
