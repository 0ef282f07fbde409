import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { relateToOldKey } from '../../../src/commands/rotate/relate-to-old-key.ts';
import { parseJwt } from '../../../src/resources/jwt.ts';
import { wireJwt } from '../../fixtures/jwts.ts';
import { ISSUER, keyText } from './rotating.ts';

const old = {
  keyId: 'old',
  thumbprint: 'of-old',
  issuer: ISSUER,
  place: { namespace: 'science', name: 'my-key', dataKey: 'key.pem' },
};
const wires = fc
  .record({
    namespace: fc.constantFrom('science', 'foreign'),
    isDeleting: fc.boolean(),
    named: fc.constantFrom('old', 'third'),
    secret: fc.record({
      name: fc.constantFrom('my-key', 'other-key'),
      key: fc.constantFrom('key.pem', 'other.pem'),
      namespace: fc.constantFrom('science', 'foreign', undefined),
    }),
    signed: fc.constantFrom('old', 'third', undefined),
    keyThumbprint: fc.constantFrom('of-old', 'of-another', undefined),
    issuer: fc.constantFrom(ISSUER, 'https://other.example.com/'),
  })
  .map(({ namespace, isDeleting, named, secret, signed, keyThumbprint, issuer }) => {
    const deleted = isDeleting ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {};
    const publicKey = signed === undefined ? undefined : keyText(signed);
    const status = { keyId: signed, keyThumbprint, publicKey, issuer, expiresAt: '2026-01-01T00:00:00Z' };
    const metadata = { name: 'other', namespace, ...deleted };
    return wireJwt({ keyId: named, key: { secret } }, { metadata, status });
  });

it('a JWT signs with the old key only if its spec names it, it is not being deleted, and it is beside or has signed with it', () => {
  fc.assert(
    fc.property(wires, fc.constantFrom(undefined, 'science', 'foreign'), (object, legacyKeyNamespace) => {
      const other = parseJwt(object);
      assert.ok(other.ok);
      const { namespace, isDeleting, recorded } = other.value;
      const jwt = { namespace: 'science', name: 'my-jwt' };
      const relation = relateToOldKey(other.value, object, { jwt, old, legacyKeyNamespace });
      const isProved = recorded.keyId === 'old' && recorded.keyThumbprint !== 'of-another';
      if (relation.sharer !== undefined) {
        assert.ok(!isDeleting && object.spec.keyId === 'old');
        assert.ok(isProved || (namespace === 'science' && relation.isPlaceUsed));
      }
      // A token is never forgotten: either its JWT signs with the old key, or the token itself counts.
      if (recorded.keyId === 'old' && recorded.issuer === ISSUER)
        assert.ok(relation.sharer !== undefined || relation.tokens.length > 0);
      if (isDeleting) assert.ok(!relation.isPlaceUsed);
    }),
  );
});
