import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import type { JsonObject } from '../../src/resources/json.ts';
import { digestClaims, findFacts } from '../../src/signing/token-facts.ts';

const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(null, true, false, 0, 1, '', 'a', 'members', '1'),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'members', '__proto__', '1'), tie('value'), { maxKeys: 3 }),
  ),
}));
const claims = fc
  .dictionary(fc.constantFrom('a', 'b', 'members', '__proto__', '1'), value, { maxKeys: 4 })
  .map((object): JsonObject => JSON.parse(JSON.stringify(object)));

function shuffle(object: unknown): unknown {
  if (Array.isArray(object)) return object.map(shuffle);
  if (typeof object !== 'object' || object === null) return object;
  return Object.fromEntries(
    Object.entries(object)
      .toReversed()
      .map(([name, member]) => [name, shuffle(member)]),
  );
}

it('claims have the same digest if and only if they are equal', () => {
  fc.assert(
    fc.property(claims, claims, (one, other) => {
      assert.equal(digestClaims(one) === digestClaims(other), isDeepStrictEqual(one, other));
    }),
    { numRuns: 2_000 },
  );
});

it('the order of members does not matter, nor do the claims that we set', () => {
  fc.assert(
    fc.property(claims, (one) => {
      const other = { ...(shuffle(one) as JsonObject), iss: 'i', exp: 1, nbf: 2, iat: 3, jti: 'j' };
      assert.equal(digestClaims(other), digestClaims(one));
    }),
  );
});

it('claims that are nested a hundred thousand deep have a digest of their own', () => {
  const deep: JsonObject = JSON.parse(`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`);
  assert.equal(digestClaims(deep), '');
});

it('each fact is from its own claim, a text or a number', () => {
  const facts = { kid: 'k', alg: 'ES256', iss: 'i', exp: 4, iat: 2.5, nbf: 3, jti: 'j' };
  const { kid, alg, ...registered } = facts;
  const { digest, ...found } = findFacts({ header: { kid, alg }, claims: { ...registered, sub: 's' } });
  assert.deepEqual(found, facts);
  assert.equal(digest, digestClaims({ sub: 's' }));
});

it('a value that is neither text nor number, or a text that is too long, is distinguished from an absent one', () => {
  const facts = findFacts({
    header: { alg: ['ES256'] },
    claims: { iss: 'i'.repeat(3_000), exp: null, jti: 'j' },
  });
  assert.deepEqual(
    [facts.alg, facts.kid, facts.iss, facts.exp, facts.jti],
    [null, undefined, null, null, 'j'],
  );
});

it('a text of the maximum length of an issuer or a key ID is kept', () => {
  const kid = 'k'.repeat(2_048);
  assert.equal(findFacts({ header: { kid }, claims: {} }).kid, kid);
  assert.equal(findFacts({ header: { kid: `${kid}k` }, claims: {} }).kid, null);
});

it('the longest issuer that a spec can have is kept, and no longer text', () => {
  const longest = '🐘'.repeat(2_048);
  const issuerOf = (iss: string) => findFacts({ header: {}, claims: { iss } }).iss;
  assert.equal(issuerOf(longest), longest);
  assert.equal(issuerOf(`${longest}x`), null);
});
