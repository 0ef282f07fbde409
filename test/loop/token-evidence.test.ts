import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { PublicKeys } from '../../src/loop/public-keys.ts';
import {
  checkSignature,
  findVerifyingKey,
  gatherEvidence,
  judgeEvidence,
  type TokenEvidence,
} from '../../src/loop/token-evidence.ts';
import { buildClaims } from '../../src/signing/claims.ts';
import { signToken } from '../../src/signing/token.ts';
import type { SigningKey } from '../../src/signing/key.ts';
import { makeSpec } from '../fixtures/jwts.ts';
import { makeKey, toPem } from '../fixtures/keys.ts';
import { DAY, NOW, readKey } from '../fixtures/observed.ts';
import { TRIES } from '../fixtures/tries.ts';

const spec = makeSpec();
const key = await readKey();
const other = await readKey(toPem(makeKey('ES256')));
const publicKeys = new PublicKeys();

async function makeToken(signer: SigningKey = key): Promise<string> {
  const claims = buildClaims(spec, NOW, 'the-jti');
  assert.ok(claims.ok);
  return signToken(signer, spec.keyId, claims.value);
}

function gather(token: string, signedBy?: string): TokenEvidence | undefined {
  return gatherEvidence({ data: { token: Buffer.from(token).toString('base64') } }, signedBy);
}

/** The verdict, after the signature was verified if that is needed. */
async function judge(evidence: TokenEvidence | undefined, verifyingKey: SigningKey | undefined, now = NOW) {
  const judging = { spec, asked: undefined, verifyingKey, now, isTrusted: false };
  const known = judgeEvidence(evidence, judging);
  if (known !== undefined) return known;
  assert.ok(evidence && verifyingKey);
  await checkSignature(evidence, verifyingKey, spec.algorithm, publicKeys);
  const verdict = judgeEvidence(evidence, judging);
  assert.ok(verdict, 'a signature that was checked is known');
  return verdict;
}

const VALID = { state: 'valid', expiresAt: NOW + DAY, isLegacy: false, tokenId: 'the-jti' };

describe('the evidence of a token', () => {
  it('does not exist without a token, and is faulty if the text is not a token', async () => {
    for (const secret of [undefined, {}, { data: {} }, { data: { token: '' } }])
      assert.equal(gatherEvidence(secret), undefined);
    assert.deepEqual(await judge(undefined, key), { state: 'faulty', cause: 'TokenMissing' });
    for (const text of ['garbage', 'a.b.c', '{}'])
      assert.deepEqual(await judge(gather(text), key), { state: 'faulty', cause: 'TokenUnreadable' });
  });

  it('has the text only until the signature was checked', async () => {
    const token = await makeToken();
    const evidence = gather(token);
    assert.equal(evidence?.unchecked, token);
    assert.deepEqual(await judge(evidence, key), { ...VALID, signature: 'verified' });
    assert.ok(!JSON.stringify(evidence).includes(token.slice(-40)));
    assert.equal(evidence?.verifiedBy, key.thumbprint);
  });

  it('of a token beyond 64 KiB is unreadable, and nothing of the token is read or kept', async () => {
    const [head = '', , signature = ''] = (await makeToken()).split('.');
    const payload = Buffer.from(`{"exp":${NOW + DAY},"x":"${'x'.repeat(50_000)}"}`).toString('base64url');
    const evidence = gather(`${head}.${payload}.${signature}`);
    assert.deepEqual(await judge(evidence, key), { state: 'faulty', cause: 'TokenUnreadable' });
    assert.ok(JSON.stringify(evidence).length < 100);
  });

  it('is small for any content of the token', async () => {
    for (const claims of [
      { exp: NOW + DAY, data: Array.from({ length: 12_000 }, () => ({})) },
      { exp: NOW + DAY, iss: 'i'.repeat(30_000), jti: 'j'.repeat(15_000) },
      { exp: [Array.from({ length: 20_000 }, () => 0)], nbf: { x: 'x'.repeat(1_000) } },
    ]) {
      const payload = Buffer.from(JSON.stringify(claims)).toString('base64url');
      const evidence = gather(`eyJhbGciOiJFUzI1NiJ9.${payload}.c2ln`, key.thumbprint);
      assert.ok(JSON.stringify(evidence).length < 500);
      assert.equal((await judge(evidence, key)).state, 'faulty');
    }
  });

  it('is faulty with any additional character, also one that decoders skip', async () => {
    const token = await makeToken();
    const characters = fc.oneof(
      fc.constantFrom(' ', '\n', '\t', '=', '.', '+', '/', '\0', 'A', '-', '_'),
      fc.string({ minLength: 1, maxLength: 1 }),
    );
    const places = fc.oneof(fc.nat(token.length), fc.constantFrom(token.length, token.length - 1));
    await fc.assert(
      fc.asyncProperty(places, characters, async (place, character) => {
        const text = token.slice(0, place) + character + token.slice(place);
        assert.equal((await judge(gather(text), key)).state, 'faulty');
      }),
      { numRuns: TRIES },
    );
  });

  it('of a token that was just signed needs no check and never has the text', async () => {
    const evidence = gather(await makeToken(), key.thumbprint);
    assert.equal(evidence?.unchecked, undefined);
    assert.deepEqual(await judge(evidence, key), { ...VALID, signature: 'verified' });
  });

  it('is unknown without a recorded key, even if it was checked: another process would not know that', async () => {
    const evidence = gather(await makeToken(), key.thumbprint);
    assert.deepEqual(await judge(evidence, undefined), { ...VALID, signature: 'unknown' });
  });

  it('stays unknown while there is no key to check it with', async () => {
    const evidence = gather(await makeToken());
    assert.deepEqual(await judge(evidence, undefined), { ...VALID, signature: 'unknown' });
    assert.deepEqual(await judge(evidence, key), { ...VALID, signature: 'verified' });
  });

  it('is faulty when another key signed it, also when that was checked before', async () => {
    const invalid = { state: 'faulty', cause: 'SignatureInvalid' };
    assert.deepEqual(await judge(gather(await makeToken(other)), key), invalid);
    const evidence = gather(await makeToken());
    await judge(evidence, key);
    assert.deepEqual(await judge(evidence, other), invalid);
    assert.deepEqual(await judge(evidence, key), { ...VALID, signature: 'verified' });
  });

  it('is unread if its text was dropped unchecked, and always has the key that did not make it', async () => {
    const evidence = gather(await makeToken(other));
    assert.ok(evidence);
    evidence.unchecked = undefined;
    assert.deepEqual(await judge(evidence, key), { state: 'unread' });
    const refuted = gather(await makeToken(other));
    await judge(refuted, key);
    assert.equal(refuted?.unchecked, undefined);
    assert.deepEqual(await judge(refuted, key), { state: 'faulty', cause: 'SignatureInvalid' });
    assert.deepEqual(await judge(refuted, other), { state: 'unread' });
  });

  it('expires even if it was verified', async () => {
    const evidence = gather(await makeToken(), key.thumbprint);
    assert.deepEqual(await judge(evidence, key, NOW + DAY), { state: 'faulty', cause: 'Expired' });
  });
});

describe('the key for checking a signature', () => {
  const { publicJwk, thumbprint } = key;
  it('is the recorded one, as the present one can be another', () => {
    const verifyingKey = findVerifyingKey({ keyThumbprint: thumbprint }, publicJwk, other);
    assert.deepEqual(verifyingKey, { thumbprint, publicJwk });
  });

  it('is the present one if the record is missing or broken', () => {
    assert.equal(findVerifyingKey({ keyThumbprint: undefined }, undefined, other), other);
    assert.equal(findVerifyingKey({ keyThumbprint: thumbprint }, undefined, other), other);
    assert.equal(findVerifyingKey({ keyThumbprint: undefined }, publicJwk, other), other);
    assert.equal(findVerifyingKey({ keyThumbprint: undefined }, undefined, undefined), undefined);
  });
});
