import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SignJWT, type JWK } from 'jose';
import { verifyCommand } from '../../src/commands/verify.ts';
import type { Verification } from '../../src/commands/verify/examine-token.ts';
import { publishedJwk } from '../../src/signing/key/public-jwk.ts';
import { makeKey, toPem } from '../fixtures/keys.ts';
import { readKey } from '../fixtures/observed.ts';
import { runCommand, type CommandResult } from './captured-io.ts';
import { json, startHttpsIssuer, type HttpsIssuer } from './https-issuer.ts';

/** The path at which the issuer publishes its metadata. */
export const METADATA = '/.well-known/openid-configuration';
export const JWKS = '/.well-known/issuer.jwks';

/** The output of `verify -o json`, with the members that most tests check. */
export interface Report {
  readonly code: number;
  readonly facts: Verification;
  readonly refusedBy: readonly string[];
  /** The reasons, one per line. */
  readonly reasons: string;
}

/** Signs tokens, publishes its key, and verifies its tokens. */
export interface VerifiedSigner extends AsyncDisposable {
  readonly issuer: HttpsIssuer;
  /** The public key as published. */
  readonly jwk: JWK;
  /** A token that every verifier accepts, except for these claims. */
  readonly sign: (claims?: Record<string, unknown>, kid?: string) => Promise<string>;
  readonly verify: (token: string, ...args: readonly string[]) => Promise<CommandResult>;
  readonly report: (token: string, ...args: readonly string[]) => Promise<Report>;
  /** The issuer gives its usual answers again, and its record of requests is empty. */
  readonly reset: () => void;
}

export async function startVerifiedSigner(): Promise<VerifiedSigner> {
  const folder = await mkdtemp(join(tmpdir(), 'jwt-verify-'));
  const issuer = await startHttpsIssuer();
  await writeFile(join(folder, 'ca.pem'), issuer.ca);
  const key = await readKey(toPem(makeKey('ES256')));
  const jwk = publishedJwk(key.publicJwk, 'kid-1', 'ES256');
  const verify: VerifiedSigner['verify'] = (token, ...args) =>
    runCommand(verifyCommand, ['-', '--ca-file', join(folder, 'ca.pem'), ...args], { input: token });
  return {
    issuer,
    jwk,
    verify,
    sign: (claims = {}, kid = 'kid-1') => {
      const now = Math.floor(Date.now() / 1000);
      const usual = {
        iss: issuer.url,
        sub: 'me',
        aud: ['https://wlcg.cern.ch/jwt/v1/any'],
        scope: 'storage.read:/',
        'wlcg.ver': '1.0',
        jti: 'x',
      };
      return new SignJWT({ ...usual, iat: now - 60, nbf: now - 60, exp: now + 3600, ...claims })
        .setProtectedHeader({ alg: 'ES256', kid, typ: 'JWT' })
        .sign(key.privateKey);
    },
    report: async (token, ...args) => {
      const { code, out, err } = await verify(token, '-o', 'json', ...args);
      assert.equal(err, '');
      const facts = JSON.parse(out) as Verification;
      const refusals = facts.verdicts.filter(({ verdict }) => verdict === 'refuses');
      const reasons = facts.verdicts.flatMap((verdict) => verdict.reasons.map(({ message }) => message));
      const refusedBy = refusals.map(({ verifier }) => verifier);
      return { code, facts, refusedBy, reasons: reasons.join('\n') };
    },
    reset: () => {
      issuer.asked.length = 0;
      issuer.answers.clear();
      issuer.answers.set(METADATA, json({ issuer: issuer.url, jwks_uri: `${issuer.url}${JWKS}` }));
      issuer.answers.set(JWKS, json({ keys: [jwk] }));
    },
    [Symbol.asyncDispose]: async () => {
      await issuer[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}
