import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { text } from './https-issuer.ts';
import { JWKS, startVerifiedSigner, type VerifiedSigner } from './verified-signer.ts';

/** `String` and templates throw when they convert it. */
const UNWRITABLE = { toString: 1 };
/** A placeholder for a value with which `JSON.stringify` and `String` overflow the stack. */
const NESTED = 'NESTED';
const nest = (document: string): string =>
  document.replace(`"${NESTED}"`, '['.repeat(50_000) + ']'.repeat(50_000));

/** The token with other members in its header, which makes its signature invalid. */
function withHeader(token: string, members: object): string {
  const [, claims = '', signature = ''] = token.split('.');
  return `${Buffer.from(JSON.stringify(members)).toString('base64url')}.${claims}.${signature}`;
}

describe('verify, with values of wrong types,', () => {
  let signer: VerifiedSigner;
  before(async () => {
    signer = await startVerifiedSigner();
  });
  after(() => signer[Symbol.asyncDispose]());
  beforeEach(() => signer.reset());

  it('treats a value that must be a string in a JWK Set, and is not, as missing', async () => {
    const unknown = /no key of kid kid-1 is published .*; \(none\) is$/m;
    const cases: readonly (readonly [key: object, says: RegExp])[] = [
      [{ kty: 'EC', kid: UNWRITABLE }, unknown],
      [{ ...signer.jwk, kid: NESTED }, unknown],
      [{ ...signer.jwk, kty: UNWRITABLE }, /another one \("Invalid signature"\)/],
      [{ ...signer.jwk, alg: UNWRITABLE }, /the published key has no alg, and Pelican skips it/],
      [{ ...signer.jwk, use: UNWRITABLE }, /^$/],
      [{ ...signer.jwk, crv: UNWRITABLE }, /the published key has no crv/],
      [{ ...signer.jwk, x: NESTED }, /another one \("Invalid signature"\)/],
    ];
    for (const [entry, says] of cases) {
      signer.issuer.answers.set(JWKS, text(nest(JSON.stringify({ keys: [entry] }))));
      const { reasons } = await signer.report(await signer.sign());
      assert.match(reasons, says);
      assert.ok((await signer.verify(await signer.sign())).out.includes('What its issuer publishes'));
    }
  });

  it('shows values in header and claims of a token that are not strings as JSON', async () => {
    const token = await signer.sign({ iat: UNWRITABLE, nbf: UNWRITABLE, exp: UNWRITABLE, sub: UNWRITABLE });
    const { code, out } = await signer.verify(withHeader(token, { alg: UNWRITABLE, kid: UNWRITABLE }));
    assert.equal(code, 1);
    assert.match(out, /^ {2}kid +\{"toString":1\} \(\{"toString":1\}\)\n {2}signature +not checked$/m);
    assert.match(out, /it knows ES256 and RS256, not \{"toString":1\} /);
    assert.match(out, /no key of kid \{"toString":1\} is published/);
    assert.match(out, /iat or nbf is not a number/);
  });
});
