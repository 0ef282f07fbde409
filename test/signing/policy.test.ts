import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseJwtSpec, type JwtSpec } from '../../src/resources/jwt.ts';
import { NO_POLICY, type SigningPolicy } from '../../src/resources/signing-policy.ts';
import { findPolicyRefusal } from '../../src/signing/policy.ts';
import { wireJwt } from '../fixtures/jwts.ts';

const HOUR = 3600;
const ISSUER = 'https://issuer.example.com/';
const IN_A_SECRET = { key: { secret: { name: 'my-key', key: 'key.pem' } } };

function specOf(changes: Readonly<Record<string, unknown>> = {}): JwtSpec {
  const parsed = parseJwtSpec(wireJwt({ issuer: ISSUER, expiryTime: { hours: 2 }, ...changes }).spec);
  assert.ok(parsed.ok);
  return parsed.value;
}

function messageOf(
  policy: Partial<SigningPolicy>,
  changes?: Readonly<Record<string, unknown>>,
): string | undefined {
  const refusal = findPolicyRefusal(specOf(changes), { ...NO_POLICY, ...policy });
  assert.ok(refusal === undefined || refusal.reason === 'PolicyDenied');
  return refusal?.message;
}

describe('the policy of a cluster', () => {
  it('forbids nothing if none is set', () => {
    assert.equal(findPolicyRefusal(specOf(), NO_POLICY), undefined);
  });

  it('can forbid keys in JWTs, and still allows those in Secrets', () => {
    assert.match(
      messageOf({ forbidInlineKeys: true }) ?? '',
      /^spec\.key\.value is forbidden.* spec\.key\.secret$/,
    );
    assert.equal(messageOf({ forbidInlineKeys: true }, IN_A_SECRET), undefined);
  });

  it('can bound lifetimes; the bounds themselves are allowed', () => {
    assert.equal(messageOf({ minLifetime: 2 * HOUR, maxLifetime: 2 * HOUR }), undefined);
    assert.match(
      messageOf({ minLifetime: 2 * HOUR + 1 }) ?? '',
      /\(2 h\) must be at least 2 h 1 s .* longer one$/,
    );
    assert.match(
      messageOf({ maxLifetime: 2 * HOUR - 1 }) ?? '',
      /\(2 h\) must be at most 1 h 59 min .* shorter one$/,
    );
  });

  it('can name the issuers, byte for byte, and checks the one that the token would have', () => {
    const allowedIssuers = ['https://other.example.com', ISSUER];
    assert.equal(messageOf({ allowedIssuers }), undefined);
    assert.match(messageOf({ allowedIssuers }, { issuer: ISSUER.slice(0, -1) }) ?? '', /--allowed-issuers/);
    assert.match(
      messageOf({ allowedIssuers }, { data: { iss: 'https://evil.example.com' } }) ?? '',
      /spec\.data\.iss/,
    );
    assert.equal(messageOf({ allowedIssuers }, { issuer: 'x', data: { iss: ISSUER } }), undefined);
  });

  it('reports all problems at once, and never the key', () => {
    const message = messageOf({ forbidInlineKeys: true, maxLifetime: HOUR, allowedIssuers: ['x'] }) ?? '';
    assert.equal(message.split('; ').length, 3);
    assert.doesNotMatch(message, /BEGIN/);
  });
});
