import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TokenChecker } from '../../src/loop/token-checker.ts';
import { parseTokenSecret, type SecretWithEvidence } from '../../src/loop/observe.ts';
import type { Jwt } from '../../src/resources/jwt.ts';
import { buildClaims } from '../../src/signing/claims.ts';
import type { SigningKey } from '../../src/signing/key.ts';
import { signToken } from '../../src/signing/token.ts';
import { makeJwt, makeSpec } from '../fixtures/jwts.ts';
import { makeKey, toPem } from '../fixtures/keys.ts';
import { DAY, NOW, readKey, settledJwt } from '../fixtures/observed.ts';
import { wireSecret } from './model/sources.ts';
import { virtualClock } from '../time/virtual-clock.ts';

const key = await readKey();
const other = await readKey(toPem(makeKey('ES256')));

/** `jwt` is the JWT whose status describes the token, if the cache has it when the Secret arrives. */
async function makeSecret(signer: SigningKey = key, jwt?: Jwt): Promise<SecretWithEvidence> {
  const spec = makeSpec();
  const claims = buildClaims(spec, NOW, 'the-jti');
  assert.ok(claims.ok);
  const token = await signToken(signer, spec.keyId, claims.value);
  return parseTokenSecret(wireSecret('my-jwt', { token }), undefined, jwt);
}

/** A checker of these objects, by `namespace/name`, with a clock that the test sets. */
function watch(jwts: Record<string, Jwt>, secrets: Record<string, SecretWithEvidence>) {
  const clock = virtualClock();
  const bugs: unknown[] = [];
  const refuted: string[] = [];
  const checker = new TokenChecker({
    clock,
    onChecked: (namespace, name, isValid) => {
      if (!isValid) refuted.push(`${namespace}/${name}`);
    },
    onBug: (error) => bugs.push(error),
    sources: {
      jwt: (namespace, name) => jwts[`${namespace}/${name}`],
      tokenSecret: (namespace, name) => secrets[`${namespace}/${name}`],
    },
  });
  /** Without a condition: as long as an error would need to show. */
  const wait = async (ms: number, isDone?: () => boolean): Promise<void> => {
    await clock.advance(ms);
    // The signatures are verified on other threads, which may have to wait for a core.
    const until = performance.now() + (isDone === undefined ? 100 : 30_000);
    while (performance.now() < until) {
      if (isDone?.() === true) break;
      await new Promise(setImmediate);
    }
    assert.deepEqual(bugs, []);
  };
  return { checker, wait, refuted };
}

describe('the checker of tokens', () => {
  it('checks a new token soon, with the recorded key, and drops its text', async () => {
    const secret = await makeSecret();
    const jwts = { 'science/my-jwt': await settledJwt() };
    const { checker, wait, refuted } = watch(jwts, { 'science/my-jwt': secret });
    checker.start();
    assert.ok(!checker.isWaiting('science', 'my-jwt'));
    checker.secretChanged('science', 'my-jwt');
    assert.ok(checker.isWaiting('science', 'my-jwt'));
    assert.ok(secret.evidence?.unchecked);
    await wait(1_000, () => secret.evidence?.unchecked === undefined);
    assert.equal(secret.evidence.unchecked, undefined);
    assert.equal(secret.evidence.verifiedBy, key.thumbprint);
    assert.ok(!checker.isWaiting('science', 'my-jwt'));
    assert.deepEqual(refuted, []);
  });

  it('remembers which key did not make a signature, and reports it', async () => {
    const secret = await makeSecret(other);
    const jwts = { 'science/my-jwt': await settledJwt() };
    const { checker, wait, refuted } = watch(jwts, { 'science/my-jwt': secret });
    checker.start();
    checker.secretChanged('science', 'my-jwt');
    await wait(1_000, () => refuted.length > 0);
    assert.deepEqual(refuted, ['science/my-jwt']);
    const { verifiedBy, refutedBy, unchecked } = secret.evidence ?? {};
    assert.deepEqual([verifiedBy, refutedBy, unchecked], [undefined, key.thumbprint, undefined]);
  });

  it('checks a token of which only the signature was kept, for any state of its JWT', async () => {
    const settled = await settledJwt();
    const jwt = { ...settled, recorded: { ...settled.recorded, expiresAt: NOW + DAY } };
    const edited = { ...jwt, generation: 2, spec: makeJwt({ keyId: 'another', data: { sub: 'x' } }).spec };
    for (const [signer, later] of [
      [key, jwt],
      [key, edited],
      [other, jwt],
      [other, edited],
    ] as const) {
      const secret = await makeSecret(signer, jwt);
      assert.equal(typeof secret.evidence?.unchecked, 'object');
      const { checker, wait, refuted } = watch({ 'science/my-jwt': later }, { 'science/my-jwt': secret });
      checker.start();
      checker.secretChanged('science', 'my-jwt');
      await wait(1_000, () => secret.evidence?.unchecked === undefined);
      const { verifiedBy, refutedBy } = secret.evidence ?? {};
      const outcome = signer === key ? [key.thumbprint, undefined] : [undefined, key.thumbprint];
      assert.deepEqual([verifiedBy, refutedBy], outcome);
      assert.deepEqual(refuted, signer === key ? [] : ['science/my-jwt']);
    }
  });

  it('drops the text of a token that it cannot check: without a JWT, a recorded key, or a spec', async () => {
    const cases: readonly Record<string, Jwt>[] = [
      {},
      { 'science/my-jwt': makeJwt() },
      { 'science/my-jwt': makeJwt({ algorithm: 'none' }) },
    ];
    for (const jwts of cases) {
      const secret = await makeSecret();
      const { checker, wait } = watch(jwts, { 'science/my-jwt': secret });
      checker.start();
      checker.secretChanged('science', 'my-jwt');
      await wait(1_000, () => secret.evidence?.unchecked === undefined);
      const { verifiedBy, refutedBy, unchecked } = secret.evidence ?? {};
      assert.deepEqual([verifiedBy, refutedBy, unchecked], [undefined, undefined, undefined]);
    }
  });

  it('waits until everything is listed: before that, the JWT of a token is possibly not known yet', async () => {
    const secret = await makeSecret();
    const jwts: Record<string, Jwt> = {};
    const { checker, wait } = watch(jwts, { 'science/my-jwt': secret });
    checker.secretChanged('science', 'my-jwt');
    await wait(60_000);
    assert.ok(secret.evidence?.unchecked);
    jwts['science/my-jwt'] = await settledJwt();
    checker.start();
    await wait(1_000, () => secret.evidence?.unchecked === undefined);
    assert.equal(secret.evidence.verifiedBy, key.thumbprint);
  });

  it('checks a limited number a second, and none after its end', async () => {
    const jwt = makeJwt();
    const secrets: Record<string, SecretWithEvidence> = {};
    const token = await makeSecret();
    for (let index = 0; index < 1_200; index += 1) {
      assert.ok(token.evidence);
      secrets[`science/t${index}`] = { ...token, evidence: { ...token.evidence } };
    }
    const left = (): number => Object.values(secrets).filter(({ evidence }) => evidence?.unchecked).length;
    const { checker, wait } = watch({ 'science/my-jwt': jwt }, secrets);
    checker.start();
    for (let index = 0; index < 1_200; index += 1) checker.secretChanged('science', `t${index}`);
    await wait(250, () => left() === 700);
    assert.equal(left(), 700);
    await wait(250, () => left() === 200);
    checker.stop();
    await wait(1_000);
    assert.equal(left(), 200);
  });
});
