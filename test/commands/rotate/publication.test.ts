import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findPublicationProblem } from '../../../src/commands/rotate/publication.ts';
import { publishedJwk } from '../../../src/signing/key.ts';
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
const problemOf = (...lookUps: readonly LookUp[]) => findPublicationProblem(lookUps, [jwk, other]);

describe('verifiers', () => {
  it('find the keys of a rotation by each URL, whatever else is published', async () => {
    assert.equal(await problemOf(found(other, jwk), found(jwk, { kty: 'x' }, other)), undefined);
  });

  it('do not find the keys of a rotation', async () => {
    const { alg: _alg, ...bare } = jwk;
    const away = {
      found: false,
      problem: 'https://a.example answers 404',
      remedy: 'x',
      isUnreachable: false,
    } as const;
    for (const [lookUps, says] of [
      [[found(jwk, other), away], /answers 404/],
      [[found(jwk, other), found(other)], /keys has no key of kid new/],
      [[found(jwk)], /has no key of kid old/],
      [[found(bare, other)], /kid new without alg ES256/],
      [[found({ ...other, kid: 'new' }, other)], /has another key under kid new/],
      [[found({ ...jwk, x: 7 }, other)], /has another key under kid new/],
    ] as const)
      assert.match((await problemOf(...lookUps)) ?? '', says);
  });
});
