import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { describe, it } from 'node:test';
import { calculateJwkThumbprint, exportJWK, type JWK } from 'jose';
import { mergeKeys, type KeyEntry } from '../../../src/signing/issuer/key-set.ts';
import { makeKey } from '../../fixtures/keys.ts';

async function publicJwk(algorithm: string, kid: string): Promise<JWK> {
  const jwk = await exportJWK(createPublicKey(makeKey(algorithm)));
  return { ...jwk, kid, alg: algorithm, use: 'sig' };
}

const one = await publicJwk('ES256', 'one');
const other = await publicJwk('RS256', 'other');
const entry = (jwk: JWK, role: KeyEntry['role'], source: string, until?: number): KeyEntry => ({
  jwk,
  role,
  source,
  ...(until === undefined ? {} : { until }),
});

async function merge(...entries: readonly KeyEntry[]) {
  const merged = await mergeKeys(entries);
  assert.ok(merged.ok, merged.ok ? '' : merged.problem);
  return merged.value;
}

async function problemOf(...entries: readonly KeyEntry[]): Promise<string> {
  const merged = await mergeKeys(entries);
  assert.ok(!merged.ok);
  return merged.problem;
}

describe('the keys of one issuer', () => {
  it('are published once each, with the thumbprint of RFC 7638', async () => {
    const { keys, warnings } = await merge(
      entry(other, 'added', 'new.pem'),
      entry(one, 'signs', 'JWT a'),
      entry(one, 'signs', 'JWT b'),
    );
    assert.deepEqual(
      keys.map(({ jwk, role, sources }) => [jwk.kid, role, sources]),
      [
        ['one', 'signs', ['JWT a', 'JWT b']],
        ['other', 'added', ['new.pem']],
      ],
    );
    assert.equal(keys[0]?.thumbprint, await calculateJwkThumbprint(one));
    assert.deepEqual(warnings, []);
  });

  it('never have private members, and get use sig', async () => {
    const secret = { ...(await exportJWK(makeKey('ES256'))), kid: 'k', alg: 'ES256', use: 'enc', x5c: ['x'] };
    const { keys } = await merge(entry(secret, 'added', 'x'));
    assert.deepEqual(Object.keys(keys[0]?.jwk ?? {}).toSorted(), [
      'alg',
      'crv',
      'kid',
      'kty',
      'use',
      'x',
      'y',
    ]);
    assert.equal(keys[0]?.jwk.use, 'sig');
  });

  it('have members that are strings, as a public key has', async () => {
    const { keys } = await merge(entry({ ...one, n: { toString: 1 }, e: 3 } as unknown as JWK, 'added', 'x'));
    assert.deepEqual(keys[0]?.jwk, one);
  });

  it('include as signing a key that one JWT has retired and another one still uses', async () => {
    const { keys } = await merge(entry(one, 'retired', 'JWT a', 5), entry(one, 'signs', 'JWT b'));
    assert.deepEqual(
      keys.map(({ role, until }) => [role, until]),
      [['signs', undefined]],
    );
  });

  it('include a retired key until the last token of any JWT expires', async () => {
    const until = async (...times: readonly (number | undefined)[]): Promise<number | undefined> => {
      const entries = times.map((time, index) => entry(one, 'retired', `JWT ${index}`, time));
      return (await merge(...entries)).keys[0]?.until;
    };
    assert.equal(await until(5), 5);
    assert.equal(await until(5, 9), 9);
    assert.equal(await until(9, 5), 9);
    assert.equal(await until(undefined, 5), 5);
    assert.ok(!Object.hasOwn((await merge(entry(one, 'signs', 'JWT a'))).keys[0] ?? {}, 'until'));
  });

  it('are sorted: those that sign, then new ones, then retired ones', async () => {
    const under = (kid: string, role: KeyEntry['role']): KeyEntry => entry({ ...one, kid }, role, kid);
    const { keys } = await merge(
      under('a', 'kept'),
      under('b', 'retired'),
      under('c', 'added'),
      under('d', 'signs'),
    );
    assert.deepEqual(
      keys.map(({ role }) => role),
      ['signs', 'added', 'retired', 'kept'],
    );
  });

  it('do not include a kept key twice, or one whose kid has another key', async () => {
    const known = await merge(entry(one, 'kept', 'jwks.json'), entry(one, 'signs', 'JWT a'));
    assert.deepEqual([known.keys[0]?.sources, known.warnings], [['JWT a'], []]);
    const replaced = await merge(
      entry({ ...other, kid: 'one' }, 'kept', 'jwks.json'),
      entry(one, 'signs', 'JWT a'),
      entry(one, 'signs', 'JWT b'),
    );
    assert.deepEqual(
      replaced.keys.map(({ jwk }) => jwk.kty),
      ['EC'],
    );
    assert.match(replaced.warnings.join(), /^kid one is another key now \(JWT a, JWT b\): verifiers refuse/);
  });

  it('do not include an old key under the kid of a new one, with a warning', async () => {
    const { keys, warnings } = await merge(
      entry({ ...other, kid: 'one' }, 'retired', 'JWT a', 5),
      entry(one, 'signs', 'JWT a'),
    );
    assert.deepEqual(
      keys.map(({ jwk }) => jwk.kty),
      ['EC'],
    );
    assert.match(warnings.join(), /kid one is another key now \(JWT a\)/);
  });

  it('are a problem if two sign under one kid', async () => {
    const problem = await problemOf(
      entry(one, 'signs', 'JWT a'),
      entry({ ...other, kid: 'one' }, 'signs', 'JWT b'),
    );
    assert.match(problem, /^JWT a and JWT b have different keys with the same kid one: /);
  });

  it('are a problem if two sign under one kid with one algorithm; the earlier one of two is left out', async () => {
    const second = await publicJwk('ES256', 'one');
    const problem = await problemOf(entry(one, 'signs', 'JWT a'), entry(second, 'added', 'new.pem'));
    assert.match(problem, /^JWT a and new\.pem have different keys with the same kid one: /);
    const { keys, warnings } = await merge(entry(one, 'signs', 'JWT a'), entry(second, 'kept', 'jwks.json'));
    assert.deepEqual(
      keys.map(({ jwk }) => jwk),
      [one],
    );
    assert.match(warnings.join(), /^kid one is another key now \(JWT a\)/);
  });

  it('are a problem if one signs for two algorithms under one kid: verifiers refuse the tokens of the second', async () => {
    const for512 = { ...other, alg: 'RS512' };
    const problem = await problemOf(entry(for512, 'signs', 'JWT a'), entry(other, 'signs', 'JWT b'));
    assert.equal(
      problem,
      'JWT a and JWT b use one key with the same kid other for RS512 and RS256: verifiers take the first, so give one of them another keyId',
    );
    for (const role of ['retired', 'kept'] as const) {
      const { keys, warnings } = await merge(entry(for512, role, 'before'), entry(other, 'signs', 'JWT b'));
      assert.deepEqual(
        keys.map(({ jwk }) => jwk.alg),
        ['RS256'],
      );
      const [warning = '', ...more] = warnings;
      assert.match(warning, /^kid other is for RS256, not RS512, now \(JWT b\): verifiers refuse the tokens/);
      assert.deepEqual(more, [], 'nothing of a key that is not published');
    }
  });

  it('are a problem that names all JWTs of the one key, if another key has its kid', async () => {
    const problem = await problemOf(
      entry(one, 'signs', 'JWT a'),
      entry(one, 'signs', 'JWT b'),
      entry({ ...other, kid: 'one' }, 'signs', 'JWT c'),
    );
    assert.match(problem, /^JWT a, JWT b and JWT c have different keys/);
  });

  it('have a warning about keys that OSDF refuses', async () => {
    const refused = await publicJwk('EdDSA', 'k');
    const { warnings } = await merge(entry(refused, 'signs', 'JWT a'));
    const expected = ["JWT a: EdDSA is refused by OSDF's verifiers: use ES256 or RS256"];
    assert.deepEqual(warnings, expected);
    const known = await merge(entry(refused, 'signs', 'JWT a'), entry(refused, 'kept', 'jwks.json'));
    assert.deepEqual(known.warnings, expected, 'once, not of the place where it was published, too');
  });

  for (const [title, jwk, says] of [
    ['an empty kid', { ...one, kid: '' }, /has no kid/],
    ['no kid', (({ kid: _kid, ...rest }) => rest)(one), /has no kid/],
    [
      'a kid that is a number',
      { ...one, kid: 5 } as unknown as JWK,
      /kid of the key is not a string \(RFC 7517/,
    ],
    [
      'a kid that is an object',
      { ...one, kid: { toString: 1 } } as unknown as JWK,
      /kid of the key is not a/,
    ],
    [
      'an alg that is an object',
      { ...one, alg: { toString: 1 } } as unknown as JWK,
      /alg of the key one is not a/,
    ],
    ['no kty', { kid: 'one', alg: 'ES256' } as JWK, /the key one has no "kty"/],
    ['no alg', (({ alg: _alg, ...rest }) => rest)(one), /one has no alg, and Pelican skips it/],
    [
      'half a key',
      { kty: 'EC', crv: 'P-256', x: one.x ?? '', kid: 'one', alg: 'ES256' },
      /not a complete public key/,
    ],
  ] as const) {
    it(`are a problem with ${title}`, async () => {
      assert.match(await problemOf(entry(jwk, 'added', 'x.json')), new RegExp(`^x.json: .*${says.source}`));
    });
  }
});
