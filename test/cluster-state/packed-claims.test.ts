import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { digestLongClaims, packClaims } from '../../src/cluster-state/packed-claims.ts';
import { claimsOf, type Jwt, type JwtSpec } from '../../src/resources/jwt.ts';
import { digestClaims } from '../../src/signing/token-facts.ts';
import { makeJwt } from '../fixtures/jwts.ts';

const specOf = ({ spec }: Jwt): JwtSpec => {
  assert.ok(spec.ok);
  return spec.value;
};

describe('the claims of a JWT:', () => {
  it('a few claims stay as they are', () => {
    const jwt = makeJwt();
    assert.equal(packClaims(jwt), jwt);
  });

  it('many claims are only kept as text, and equal at each read', () => {
    const data = { many: Array.from({ length: 600 }, () => ({})), text: '\u00e9\u{1f511}' };
    const jwt = makeJwt({ data });
    const packed = specOf(packClaims(jwt));
    assert.equal(packed.data, JSON.stringify(data));
    assert.deepEqual({ ...packed, data: claimsOf(packed) }, specOf(jwt));
    assert.deepEqual(packClaims(packClaims(jwt)), packClaims(jwt));
  });

  it('of very many claims only a digest and what planning looks at are kept', () => {
    const data = { many: Array.from({ length: 15_000 }, () => ({})), sub: 'somebody' };
    for (const [more, kept] of [
      [{}, {}],
      [{ iss: 'https://other.example.com' }, { iss: 'https://other.example.com' }],
      [{ iss: { many: 1 } }, { iss: null }],
      [
        { iat: 7, jti: 'a', nbf: 7 },
        { iat: 7, jti: 'a' },
      ],
      [
        { iat: [7], jti: 'x'.repeat(5_000) },
        { iat: null, jti: null },
      ],
    ] as const) {
      const jwt = makeJwt({ data: { ...data, ...more } });
      const packed = specOf(digestLongClaims(jwt));
      assert.deepEqual(packed, { ...specOf(jwt), data: kept, claimsDigest: digestClaims(data) });
    }
  });

  it('60 KiB of claims take less than 5 KB of heap in any form', () => {
    setFlagsFromString('--expose-gc');
    const collect: () => void = runInNewContext('gc');
    const shapes = [
      { sub: 's'.repeat(60 * 1024) },
      { many: Array.from({ length: 20_000 }, () => ({})) },
      Object.fromEntries(Array.from({ length: 60 }, (_, name) => [`claim-${name}`, 'v'.repeat(1_000)])),
    ];
    for (const data of shapes) {
      collect();
      const before = process.memoryUsage().heapUsed;
      const kept = Array.from({ length: 200 }, (_, number) =>
        digestLongClaims(makeJwt(JSON.parse(JSON.stringify({ data: { ...data, number } })))),
      );
      collect();
      const each = (process.memoryUsage().heapUsed - before) / kept.length;
      assert.ok(each < 5_000, `${Math.round(each)} bytes`);
    }
  });
});
