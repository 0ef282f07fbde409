import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { describe, it } from 'node:test';
import { jwtVerify } from 'jose';
import { ALGORITHMS, isAlgorithmName } from '../../src/resources/algorithms.ts';
import { MAX_LEVELS, type JsonObject } from '../../src/resources/json.ts';
import { buildClaims, effectiveIssuer, findInexactInteger } from '../../src/signing/claims.ts';
import { readSigningKey } from '../../src/signing/key.ts';
import { isTooDeep, readToken, signToken } from '../../src/signing/token.ts';
import { makeSpec } from '../fixtures/jwts.ts';
import { makeKey, NRP_KEY, someKey, toPem } from '../fixtures/keys.ts';

const NOW = 1_800_000_000;
const JTI = '0b5b4a9e-1f6e-4b7a-9d6f-0c8a3e0e7f11';

async function sign(text: string, spec = makeSpec()): Promise<string> {
  const key = await readSigningKey(text, spec.algorithm);
  const claims = buildClaims(spec, NOW, JTI);
  assert.ok(key.ok && claims.ok);
  return signToken(key.value, spec.keyId, claims.value);
}

describe('a token', () => {
  it('has exactly the header and claims of docs/tokens.md', async () => {
    const token = await sign(NRP_KEY);
    const [header, payload] = token.split('.').map((part) => Buffer.from(part, 'base64url').toString());
    assert.equal(header, '{"alg":"ES256","kid":"my-jwt-key","typ":"JWT"}');
    assert.deepEqual(JSON.parse(payload ?? ''), {
      scope: 'storage.read:/ storage.create:/',
      sub: 'john.doe',
      aud: ['https://wlcg.cern.ch/jwt/v1/any'],
      'wlcg.ver': '1.0',
      iss: 'https://issuer.example.com/',
      iat: NOW - 60,
      nbf: NOW - 60,
      exp: NOW + 86_400,
      jti: JTI,
    });
    assert.match(token, /^[\w-]+\.[\w-]+\.[\w-]+$/, 'compact, without a newline');
  });

  it('verifies with the public half of the NRP page’s key, by a second implementation too', async () => {
    const token = await sign(NRP_KEY);
    const publicKey = createPublicKey(NRP_KEY);
    await jwtVerify(token, publicKey, { currentDate: new Date(NOW * 1000) });
    const at = token.lastIndexOf('.');
    const signature = Buffer.from(token.slice(at + 1), 'base64url');
    assert.ok(
      verify(
        'sha256',
        Buffer.from(token.slice(0, at)),
        { key: publicKey, dsaEncoding: 'ieee-p1363' },
        signature,
      ),
    );
  });

  it('is signed with every algorithm', async () => {
    for (const algorithm of Object.keys(ALGORITHMS)) {
      assert.ok(isAlgorithmName(algorithm));
      const key = someKey(algorithm);
      const token = await sign(toPem(key), makeSpec({ algorithm }));
      await jwtVerify(token, createPublicKey(key), {
        algorithms: [algorithm],
        currentDate: new Date(NOW * 1000),
      });
    }
  });

  it('is not given out if the public half of its key does not verify it', async () => {
    const [one, other] = await Promise.all(
      [NRP_KEY, toPem(makeKey('ES256'))].map((text) => readSigningKey(text, 'ES256')),
    );
    const claims = buildClaims(makeSpec(), NOW, JTI);
    assert.ok(one?.ok === true && other?.ok === true && claims.ok);
    const mixed = { ...one.value, publicKey: other.value.publicKey };
    await assert.rejects(signToken(mixed, 'k', claims.value), {
      code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
    });
  });

  it('is read without its signature being checked, and other text is not a token', async () => {
    const token = await sign(NRP_KEY);
    assert.equal(readToken(`${token.slice(0, -4)}AAAA`)?.claims['sub'], 'john.doe');
    const [header = '', payload = ''] = token.split('.');
    const list = Buffer.from('[1]').toString('base64url');
    const others = [
      '',
      'a.b.c',
      'hello',
      `${header}.${payload}`,
      `${header}.${list}.AA`,
      `${list}.${payload}.AA`,
      `${token}\n`,
      `${token}=`,
      ` ${token}`,
      `${header}.${payload}.AA AA`,
      `${header}.${payload}.AAAAA`,
      `${token}.AA.AA`,
    ];
    for (const text of others) assert.equal(readToken(text), undefined, text);
  });

  it('is read up to a length that no server accepts, and not beyond', async () => {
    const token = await sign(NRP_KEY, makeSpec({ keyId: 'my-jwt-key-2' }));
    const longest = token.padEnd(65_536, 'A');
    assert.equal(readToken(longest)?.claims['sub'], 'john.doe');
    assert.equal(readToken(`${longest}A`), undefined);
  });
});

describe('claims', () => {
  it('keep nested values, and override exp, nbf, iat and jti of data', () => {
    const data = {
      cnf: { jwk: { kty: 'EC' } },
      exp: 1,
      nbf: 1,
      iat: 1,
      jti: 'mine',
      list: [null, { a: 1.5 }],
    };
    const claims = buildClaims(makeSpec({ data }), NOW, JTI);
    assert.ok(claims.ok);
    assert.deepEqual(claims.value['cnf'], data.cnf);
    assert.deepEqual(claims.value['list'], data.list);
    assert.deepEqual([claims.value.exp, claims.value.iat, claims.value.jti], [NOW + 86_400, NOW - 60, JTI]);
  });

  it('prefer data.iss to spec.issuer, byte for byte', () => {
    assert.deepEqual(effectiveIssuer(makeSpec({ data: { iss: 'https://a.example' } })), {
      ok: true,
      value: 'https://a.example',
    });
    assert.deepEqual(effectiveIssuer(makeSpec()), { ok: true, value: 'https://issuer.example.com/' });
    assert.ok(!effectiveIssuer(makeSpec({ data: { iss: 7 } })).ok);
  });

  it('refuse an integer that JSON cannot represent exactly, and name its place', () => {
    const result = buildClaims(makeSpec({ data: { ids: [1, JSON.parse('9007199254740993')] } }), NOW, JTI);
    assert.ok(!result.ok);
    assert.match(result.problem.message, /spec\.data\.ids\[1\].*write it as a string/);
    assert.equal(findInexactInteger({ a: 2 ** 53 - 1, b: 1.5, c: -5 }, 'x'), undefined);
  });

  it('keep a member called __proto__ as a claim of its own', () => {
    const claims = buildClaims(makeSpec({ data: JSON.parse('{"__proto__":{"polluted":1}}') }), NOW, JTI);
    assert.ok(claims.ok && Object.hasOwn(claims.value, '__proto__'));
    assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false);
  });
});

it('a token is too deep to be shown if its header or its claims are deeper than any that we sign', () => {
  const nested = (levels: number): JsonObject => {
    let value: JsonObject = {};
    for (let level = 0; level < levels; level += 1) value = { value };
    return value;
  };
  const [most, more] = [nested(MAX_LEVELS), nested(MAX_LEVELS + 1)];
  assert.equal(isTooDeep({ header: most, claims: most }), false);
  assert.equal(isTooDeep({ header: more, claims: {} }), true);
  assert.equal(isTooDeep({ header: {}, claims: more }), true);
});
