import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SignJWT } from 'jose';
import { compareToken } from '../../../src/commands/status/held-token.ts';
import { makeKey } from '../../fixtures/keys.ts';

const key = makeKey('ES256');
const PRESENT = { tokenId: 'b', issuedAt: 1_000 };

describe('the token in a file', () => {
  for (const [claims, held] of [
    [{ jti: 'b', iat: 1_000 }, 'present'],
    [{ jti: 'a', iat: 900 }, 'older'],
    [{ jti: 'c', iat: 1_100 }, 'newer'],
    [{ iat: 900 }, 'older'],
    [{ jti: 'a' }, 'not known'],
    [{}, 'not known'],
  ] as const) {
    it(`is "${held}" with ${JSON.stringify(claims)}`, async () => {
      const text = await new SignJWT(claims).setProtectedHeader({ alg: 'ES256' }).sign(key);
      assert.equal(compareToken(`${text}\n`, PRESENT), held);
    });
  }

  it('is unknown if the file is not a token', () => {
    for (const text of ['', 'x', 'a.b.c']) assert.equal(compareToken(text, PRESENT), 'not known');
    assert.equal(compareToken('x', { tokenId: undefined, issuedAt: undefined }), 'not known');
  });
});
