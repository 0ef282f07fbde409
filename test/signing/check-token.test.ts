import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { describe, it } from 'node:test';
import { CompactSign, exportJWK } from 'jose';
import { buildClaims } from '../../src/signing/claims.ts';
import { findFacts } from '../../src/signing/token-facts.ts';
import { signToken, type ReadToken } from '../../src/signing/token.ts';
import { judgeClaims, readPublicKey, verifiesWith, type AskedBefore } from '../../src/signing/check-token.ts';
import { readSigningKey } from '../../src/signing/key.ts';
import { LATEST_TIME } from '../../src/time/format-time.ts';
import { makeSpec, wireJwt } from '../fixtures/jwts.ts';
import { makeKey, toPem } from '../fixtures/keys.ts';

const NOW = 1_800_000_000;
const header = { alg: 'ES256', kid: 'my-jwt-key', typ: 'JWT' };

function claimsOf(spec = makeSpec()) {
  const claims = buildClaims(spec, NOW, 'a-jti');
  assert.ok(claims.ok);
  return claims.value;
}

const judge = (token: ReadToken, spec: ReturnType<typeof makeSpec>, now: number, asked?: AskedBefore) =>
  judgeClaims(findFacts(token), spec, now, asked);

describe('the verdict on a token', () => {
  it('is that the token matches, while it is valid and has the claims of the spec', () => {
    const verdict = judge({ header, claims: claimsOf() }, makeSpec(), NOW);
    assert.deepEqual(verdict, { matches: true, expiresAt: NOW + 86_400, isLegacy: false });
  });

  it('is ClaimsMismatch until its first second', () => {
    const { nbf } = claimsOf();
    const verdictAt = (now: number) => judge({ header, claims: claimsOf() }, makeSpec(), now);
    assert.deepEqual(verdictAt(nbf - 1), { matches: false, cause: 'ClaimsMismatch', until: nbf });
    assert.ok(verdictAt(nbf).matches);
  });

  const ours = claimsOf();
  const { iat, iss, jti, nbf, ...old } = ours;
  const cases: Readonly<Record<string, readonly [ReturnType<typeof judgeClaims>, string]>> = {
    'expired at its last second': [judge({ header, claims: ours }, makeSpec(), ours.exp), 'Expired'],
    'without expiry': [judge({ header, claims: { ...ours, exp: 'x' } }, makeSpec(), NOW), 'TokenUnreadable'],
    'with an expiry that has no date': [
      judge({ header, claims: { ...old, exp: 1e20 } }, makeSpec(), NOW),
      'TokenUnreadable',
    ],
    'with an expiry beyond all numbers': [
      judge({ header, claims: { ...old, exp: JSON.parse('1e999') } }, makeSpec(), NOW),
      'TokenUnreadable',
    ],
    'with an expiry that is a text': [
      judge({ header, claims: { ...ours, exp: String(ours.exp) } }, makeSpec(), NOW),
      'TokenUnreadable',
    ],
    'valid from a time that is a text': [
      judge({ header, claims: { ...old, nbf: String(ours.nbf) } }, makeSpec(), NOW),
      'ClaimsMismatch',
    ],
    'issued at a time that is a text': [
      judge({ header, claims: { ...ours, iat: String(ours.iat) } }, makeSpec(), NOW),
      'ClaimsMismatch',
    ],
    'valid from a time that has no date': [
      judge({ header, claims: { ...ours, nbf: 1e20 } }, makeSpec(), NOW),
      'ClaimsMismatch',
    ],
    'of another kid': [judge({ header, claims: ours }, makeSpec({ keyId: 'b' }), NOW), 'HeaderMismatch'],
    'of another algorithm': [
      judge({ header, claims: ours }, makeSpec({ algorithm: 'ES384' }), NOW),
      'HeaderMismatch',
    ],
    'with another claim': [
      judge({ header, claims: { ...ours, sub: 'x' } }, makeSpec(), NOW),
      'ClaimsMismatch',
    ],
    'with a claim too many': [
      judge({ header, claims: { ...ours, role: 'x' } }, makeSpec(), NOW),
      'ClaimsMismatch',
    ],
    'of another issuer': [
      judge({ header, claims: ours }, makeSpec({ issuer: 'https://b.example' }), NOW),
      'ClaimsMismatch',
    ],
  };
  for (const [name, [verdict, cause]] of Object.entries(cases)) {
    it(`${name} is ${cause}`, () => assert.deepEqual(verdict, { matches: false, cause }));
  }

  it('notices every change of the lifetime, even by a minute', () => {
    for (const expiryTime of [
      { hours: 24, minutes: 1 },
      { hours: 23, minutes: 59 },
      { hours: 24, minutes: 2 },
    ]) {
      const verdict = judge({ header, claims: ours }, makeSpec({ expiryTime }), NOW);
      assert.deepEqual(verdict, { matches: false, cause: 'ClaimsMismatch' }, JSON.stringify(expiryTime));
    }
  });

  it('accepts tokens of token-manager: with only exp, or with iat at the signature and nbf before it', () => {
    assert.ok(iss && jti);
    assert.deepEqual(judge({ header, claims: old }, makeSpec(), NOW), {
      matches: true,
      expiresAt: NOW + 86_400,
      isLegacy: true,
    });
    const newer = { ...old, iat: iat + 60, nbf, jti };
    assert.ok(judge({ header, claims: newer }, makeSpec(), NOW).matches);
    const changed = judge({ header, claims: newer }, makeSpec({ expiryTime: { hours: 25 } }), NOW);
    assert.deepEqual(changed, { matches: false, cause: 'ClaimsMismatch' });
  });

  it('is that the token is of token-manager if any of iss, iat, nbf and jti is missing', () => {
    for (const name of ['iss', 'iat', 'nbf', 'jti'] as const) {
      const { [name]: _, ...claims } = ours;
      // Without nbf, iat is the time of signing, as in token-manager's tokens.
      const token = { header, claims: name === 'nbf' ? { ...claims, iat: NOW } : claims };
      const verdict = judge(token, makeSpec(), NOW);
      assert.deepEqual(verdict, { matches: true, expiresAt: NOW + 86_400, isLegacy: true }, name);
    }
  });

  describe('without an issuer, or a time of signing, is that it matches until the spec asks for another one:', () => {
    const ISSUER = makeSpec().issuer;
    const asked: AskedBefore = { issuer: ISSUER, lifetime: 86_400 };
    const { iat: _iat, ...noTime } = ours;
    const { iss: _iss, ...noIssuer } = ours;
    const wrong = { matches: false, cause: 'ClaimsMismatch' };

    it('the issuer', () => {
      const judgeFor = (issuer: string, known?: AskedBefore) =>
        judge({ header, claims: noIssuer }, makeSpec({ issuer }), NOW, known);
      assert.ok(judgeFor('https://b.example').matches, 'at the take-over');
      assert.ok(judgeFor(ISSUER, asked).matches);
      assert.deepEqual(judgeFor('https://b.example', asked), wrong);
      assert.deepEqual(
        judgeFor(ISSUER, { issuer: undefined, lifetime: 86_400 }),
        wrong,
        'since it was wrong',
      );
    });

    it('the issuer in the claims', () => {
      const data = { ...wireJwt().spec.data, iss: 'https://b.example' };
      assert.deepEqual(judge({ header, claims: noIssuer }, makeSpec({ data }), NOW, asked), wrong);
    });

    it('the lifetime', () => {
      const judgeFor = (expiryTime: object, known?: AskedBefore) =>
        judge({ header, claims: noTime }, makeSpec({ expiryTime }), NOW, known);
      assert.ok(judgeFor({ hours: 1 }).matches, 'at the take-over');
      assert.ok(judgeFor({ hours: 24 }, asked).matches);
      assert.deepEqual(judgeFor({ hours: 1 }, asked), wrong);
      assert.deepEqual(
        judgeFor({ days: 1 }, { issuer: ISSUER, lifetime: undefined }),
        wrong,
        'since it was wrong',
      );
    });

    it('but a complete token depends on nothing else', () => {
      const nothing = { issuer: undefined, lifetime: undefined };
      assert.ok(judge({ header, claims: ours }, makeSpec(), NOW, nothing).matches);
    });
  });

  describe('with the iat of spec.data, as an old token-manager copied it,', () => {
    const data = { ...wireJwt().spec.data, iat: 1_700_000_000, nbf: 1_700_000_000, iss };
    const copied = { ...data, exp: NOW + 86_400 };

    it('is that it matches, and is of token-manager', () => {
      const expected = { matches: true, expiresAt: NOW + 86_400, isLegacy: true };
      for (const more of [{}, { jti: 'mine' }, { jti: 7 }, { nbf: undefined }]) {
        const spec = makeSpec({ data: { ...data, ...more } });
        const claims = JSON.parse(JSON.stringify({ ...copied, ...more }));
        assert.deepEqual(judge({ header, claims }, spec, NOW), expected, JSON.stringify(more));
      }
    });

    it('is ClaimsMismatch if it is not the iat of the claims, or a token that we signed', () => {
      for (const claims of [
        { ...copied, iat: 1_700_000_001 },
        { ...copied, jti },
      ])
        assert.deepEqual(judge({ header, claims }, makeSpec({ data }), NOW), {
          matches: false,
          cause: 'ClaimsMismatch',
        });
    });
  });

  it('accepts an expiry in the last second of the year 9999', () => {
    assert.ok(judge({ header, claims: { ...old, exp: LATEST_TIME } }, makeSpec(), NOW).matches);
  });
});

describe('the signature of a token', () => {
  const spec = makeSpec({ algorithm: 'RS256' });
  const pem = toPem(makeKey('RS256'));

  async function signed(algorithm: 'RS256' | 'RS512') {
    const key = await readSigningKey(pem, algorithm);
    assert.ok(key.ok);
    return { key: key.value, token: await signToken(key.value, 'k', claimsOf(spec)) };
  }

  it('verifies with the public half of its key', async () => {
    const { key, token } = await signed('RS256');
    assert.ok(await verifiesWith(token, await readPublicKey(key.publicJwk, 'RS256'), 'RS256'));
  });

  it('does not verify with another key, without one, by another algorithm, or when the token was changed', async () => {
    const { key, token } = await signed('RS256');
    const publicKey = await readPublicKey(key.publicJwk, 'RS256');
    const other = await readSigningKey(toPem(makeKey('RS256')), 'RS256');
    assert.ok(other.ok);
    const [head = '', , signature = ''] = token.split('.');
    const payload = Buffer.from('{"sub":"root"}').toString('base64url');
    const cases: Readonly<Record<string, readonly [string, typeof publicKey | undefined]>> = {
      'another key': [token, await readPublicKey(other.value.publicJwk, 'RS256')],
      'no key': [token, undefined],
      'another algorithm of the same key': [(await signed('RS512')).token, publicKey],
      'other claims': [`${head}.${payload}.${signature}`, publicKey],
      'no token': ['hello', publicKey],
    };
    for (const [name, [text, by]] of Object.entries(cases))
      assert.equal(await verifiesWith(text, by, 'RS256'), false, name);
  });

  it('with an extension that the header marks as critical only verifies if that extension is ignored by name', async () => {
    const privateKey = makeKey('RS256');
    const publicKey = await readPublicKey(await exportJWK(createPublicKey(privateKey)), 'RS256');
    const token = await new CompactSign(Buffer.from('{}'))
      .setProtectedHeader({ alg: 'RS256', crit: ['x', 'y'], x: 1, y: 2 })
      .sign(privateKey, { crit: { x: true, y: true } });
    const verifies = (...ignored: readonly string[]) => verifiesWith(token, publicKey, 'RS256', ignored);
    assert.equal(await verifiesWith(token, publicKey, 'RS256'), false);
    assert.deepEqual(
      [await verifies(), await verifies('x'), await verifies('z'), await verifies('y', 'x')],
      [false, false, false, true],
    );
  });
});
