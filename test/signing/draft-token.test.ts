import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildClaims } from '../../src/signing/claims.ts';
import { draftToken } from '../../src/signing/draft-token.ts';
import { makeSpec } from '../fixtures/jwts.ts';
import { NOW, readKey } from '../fixtures/observed.ts';

const IDENTITY = { now: NOW, jti: '0b5b4a9e-1f6e-4b7a-9d6f-0c8a3e0e7f11' };
const key = await readKey();

describe('the draft of a token', () => {
  it('has its claims and its length', () => {
    const spec = makeSpec();
    const draft = draftToken(spec, key, IDENTITY);
    assert.deepEqual(draft.claims, buildClaims(spec, IDENTITY.now, IDENTITY.jti));
    assert.equal(draft.bytes, 485);
  });

  it('has no length if there can be no claims', () => {
    const { claims, bytes } = draftToken(makeSpec({ data: { n: 2 ** 60 } }), key, IDENTITY);
    assert.ok(!claims.ok);
    assert.match(claims.problem.message, /^spec\.data\.n is an integer beyond 2\^53/);
    assert.equal(bytes, 0);
  });

  it('has a length, but no claims to sign, if it is too long to be read again', () => {
    const { claims, bytes } = draftToken(makeSpec({ data: { sub: 'x'.repeat(60_000) } }), key, IDENTITY);
    assert.ok(!claims.ok && bytes > 80_000);
    assert.match(claims.problem.message, new RegExp(`^the token would take ${bytes} bytes`));
  });
});
