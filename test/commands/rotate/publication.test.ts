import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findPublicationProblem } from '../../../src/commands/rotate/publication.ts';
import { publishedJwk } from '../../../src/signing/key/public-jwk.ts';
import type { LookUp } from '../../../src/signing/verifiers/facts.ts';
import { makeKey, toPem } from '../../fixtures/keys.ts';
import { readKey } from '../../fixtures/observed.ts';

const jwk = publishedJwk((await readKey()).publicJwk, 'new', 'ES256');
const other = publishedJwk((await readKey(toPem(makeKey('ES256')))).publicJwk, 'old', 'ES256');
const found = (...keys: readonly unknown[]): LookUp => ({
  found: true,
  keys,
  jwksUrl: 'https://a.example/keys',
  isRedirected: false,
});
const away = (problem: string, isUnreachable: boolean): LookUp => ({
  found: false,
  problem,
  remedy: 'x',
  isUnreachable,
});
const problemOf = ([openid, xrootd]: readonly [LookUp, LookUp], status = 200) =>
  findPublicationProblem(
    {
      ways: { openid, xrootd },
      asked: [{ url: 'https://a.example', status, redirects: [], problem: undefined }],
    },
    [jwk, other],
  );

describe('verifiers', () => {
  it('find the keys of a rotation at each URL, for any other published keys', async () => {
    assert.equal(await problemOf([found(other, jwk), found(jwk, { kty: 'x' }, other)]), undefined);
  });

  it('do not find the keys of a rotation', async () => {
    const { alg: _alg, ...bare } = jwk;
    for (const [lookUps, says] of [
      [[found(jwk, other), away('answers 404', false)], /answers 404/],
      [[found(jwk, other), found(other)], /keys has no key of kid new/],
      [[found(jwk), found(jwk, other)], /has no key of kid old/],
      [[found(bare, other), found(jwk, other)], /kid new without alg ES256/],
      [[found({ ...other, kid: 'new' }, other), found(jwk, other)], /has another key under kid new/],
      [[found({ ...jwk, x: 7 }, other), found(jwk, other)], /has another key under kid new/],
    ] as const) {
      const problem = await problemOf(lookUps);
      assert.match(problem?.message ?? '', says);
      assert.equal(problem?.isUnreachable, false);
    }
  });

  it('cannot be judged if nothing answers: that says nothing about the keys', async () => {
    const unreachable = await problemOf([found(jwk, other), away('no answer', true)]);
    assert.deepEqual(unreachable, { message: 'no answer', isUnreachable: true });
    const failing = await problemOf([away('answers 503', false), away('answers 503', false)], 503);
    assert.equal(failing?.isUnreachable, true);
    const lacking = await problemOf([away('no answer', true), found(other)]);
    assert.match(lacking?.message ?? '', /has no key of kid new/);
    assert.equal(lacking?.isUnreachable, false, 'an answer says more than none');
  });
});
