import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { codePoint } from '../fixtures/code-point.ts';
import type { Jwt } from '../../src/resources/jwt.ts';
import { buildClaims } from '../../src/signing/claims.ts';
import { recognizeToken, restoreToken } from '../../src/signing/recorded-token.ts';
import { findFacts } from '../../src/signing/token-facts.ts';
import { readToken, signToken } from '../../src/signing/token.ts';
import { makeJwt, makeSpec, NO_STATUS } from '../fixtures/jwts.ts';
import { DAY, NOW, readKey } from '../fixtures/observed.ts';

const key = await readKey();

/** The JWT with a status that says that it was signed at `NOW`. */
function signedJwt(spec: Record<string, unknown> = {}, recorded: Partial<Jwt['recorded']> = {}): Jwt {
  const status = { ...NO_STATUS, tokenId: 'the-jti', expiresAt: NOW + DAY, ...recorded };
  return { ...makeJwt(spec), recorded: status };
}

async function makeToken(spec: Record<string, unknown> = {}, jti = 'the-jti'): Promise<string> {
  const { keyId } = makeSpec(spec);
  const claims = buildClaims(makeSpec(spec), NOW, jti);
  assert.ok(claims.ok);
  return signToken(key, keyId, claims.value);
}

const TEXT = await makeToken();

describe('the token that a status describes', () => {
  it('is recognized without parsing it, and its text can be made again', async () => {
    const claim = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.string({ unit: codePoint }));
    const specs = fc.record({
      keyId: fc.string({ minLength: 1, maxLength: 40 }),
      data: fc.dictionary(fc.string({ maxLength: 20 }), claim, { maxKeys: 8 }),
    });
    await fc.assert(
      fc.asyncProperty(specs, async (spec) => {
        const wire = JSON.parse(JSON.stringify(spec));
        const built = buildClaims(makeSpec(wire), NOW, 'the-jti');
        fc.pre(built.ok);
        const text = await makeToken(wire);
        const token = recognizeToken(text, signedJwt(wire));
        assert.ok(token);
        const read = readToken(text);
        assert.ok(read);
        assert.deepEqual(token.facts, findFacts(read));
        assert.equal(restoreToken(token.unchecked), text);
        assert.ok(JSON.stringify(token.unchecked.signature).length < 64 * 6 + 3);
      }),
    );
  });

  it('is not confused with another token: each part of the text and of the status counts', async () => {
    const [header = '', payload = '', signature = ''] = TEXT.split('.');
    const swap = (part: string, from: string, to: string): string =>
      Buffer.from(Buffer.from(part, 'base64url').toString().replace(from, to)).toString('base64url');
    const others: readonly string[] = [
      '',
      `${header}.${payload}`,
      `${header}.${payload}.${signature}=`,
      `${header}.${payload}.${signature}.x`,
      `${swap(header, '"typ":"JWT"', '"typ":"jwt"')}.${payload}.${signature}`,
      `${header}.${swap(payload, 'john.doe', 'jane.doe')}.${signature}`,
      `${header}.${swap(payload, '"sub"', ' "sub"')}.${signature}`,
      await makeToken({}, 'another-jti'),
    ];
    for (const text of others) assert.equal(recognizeToken(text, signedJwt()), undefined, text);
    const jwts: readonly Jwt[] = [
      makeJwt(),
      signedJwt({}, { tokenId: 'another-jti' }),
      signedJwt({}, { expiresAt: NOW + DAY + 1 }),
      signedJwt({ keyId: 'another' }),
      signedJwt({ issuer: 'https://another.example/' }),
      signedJwt({ data: { iss: 1 } }),
      signedJwt({ algorithm: 'none' }),
    ];
    for (const jwt of jwts) assert.equal(recognizeToken(TEXT, jwt), undefined);
    assert.ok(recognizeToken(TEXT, signedJwt()));
  });

  it('stays the same if a newer spec replaces the one with which it was compared', () => {
    const jwt = signedJwt();
    const token = recognizeToken(TEXT, jwt);
    assert.ok(token && jwt.spec.ok);
    assert.equal(token.unchecked.spec, jwt.spec.value, 'and no copy of the spec is kept');
  });

  it('is not recognized only by the digest of claims', () => {
    const { spec, ...rest } = signedJwt();
    assert.ok(spec.ok);
    const digested = { ...rest, spec: { ok: true, value: { ...spec.value, claimsDigest: 'x' } } } as const;
    assert.equal(recognizeToken(TEXT, digested), undefined);
  });
});
