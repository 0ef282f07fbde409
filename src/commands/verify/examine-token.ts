import type { JWK } from 'jose';
import { calculateJwkThumbprint } from 'jose';
import { isAlgorithmName } from '../../resources/algorithms.ts';
import { arrayMember, type JsonObject } from '../../resources/json.ts';
import { readPublicKey, verifiesWith } from '../../signing/check-token.ts';
import { findIssuerUrls } from '../../signing/issuer/urls.ts';
import { bareJwk } from '../../signing/key/public-jwk.ts';
import { findTokenAdvice } from '../../signing/lint/advice.ts';
import { chooseKey, type LookUpWay } from '../../signing/verifiers/facts.ts';
import { judgeToken, type VerifierVerdict } from '../../signing/verifiers/judge.ts';
import { readKeys } from '../../signing/verifiers/key-rules.ts';
import type { Seconds } from '../../time/units.ts';
import type { FoundToken } from '../input/found-token.ts';
import type { FetchOptions } from '../issuer/fetch-document.ts';
import { lookUpKeys, type Asked, type LookUps } from '../issuer/look-up.ts';

/** The findings about a token, as `-o json` prints them; never the signature. */
export interface Verification {
  readonly source: string;
  readonly issuer: string;
  readonly header: JsonObject;
  readonly claims: JsonObject;
  /** Every document that was asked for. */
  readonly asked: readonly Asked[];
  /** The keys that are published. */
  readonly keys: readonly {
    readonly kid: string | undefined;
    readonly algorithm: string | undefined;
    /** `undefined` for what is not a complete key. */
    readonly thumbprint: string | undefined;
  }[];
  /** Whether a published key verifies the signature. */
  readonly signature: 'valid' | 'invalid' | 'not checked';
  readonly verdicts: readonly VerifierVerdict[];
  /** Advice about values that are often a mistake. */
  readonly advice: readonly string[];
}

/** The findings, and whether the issuer did not answer at all. */
export interface Examined {
  readonly report: Verification;
  readonly isUnreachable: boolean;
}

/** Gets the verdict of each verifier on a token, with the keys that `look` finds. `now` in seconds since the epoch. */
export async function examineToken(
  token: FoundToken,
  look: (issuer: string) => Promise<LookUps>,
  now: Seconds,
): Promise<Examined> {
  const issuer = typeof token.claims['iss'] === 'string' ? token.claims['iss'] : '';
  const lookUps = await look(issuer);
  const { ways, asked, otherIssuer } = lookUps;
  const signature = {
    openid: await isSignedBy(token, ways.openid),
    xrootd: await isSignedBy(token, ways.xrootd),
  };
  const bytes = Buffer.byteLength(token.text);
  const verdicts = judgeToken({ token, bytes, lookUps: ways, signature, now });
  const found = [ways.openid, ways.xrootd].find((way) => way.found);
  const keys = found === undefined ? [] : readKeys(found.keys);
  const isChecked = [ways.openid, ways.xrootd].some(
    (way) => way.found && chooseKey(readKeys(way.keys), token.header['kid']),
  );
  const report: Verification = {
    source: token.source,
    issuer,
    header: token.header,
    claims: token.claims,
    asked,
    keys: await Promise.all(keys.map(describeCandidateKey)),
    signature: signature.openid || signature.xrootd ? 'valid' : isChecked ? 'invalid' : 'not checked',
    verdicts,
    advice: [
      ...findTokenAdvice(token.claims),
      ...(otherIssuer === undefined
        ? []
        : [
            `"issuer" in the metadata is "${otherIssuer}", and not that of the token: make them equal, byte for byte`,
          ]),
    ],
  };
  return { report, isUnreachable: Object.values(ways).every((way) => !way.found && way.isUnreachable) };
}

/** Fetches the documents of the issuer, as each verifier asks for them. */
export async function lookUp(issuer: string, options: FetchOptions): Promise<LookUps> {
  const urls = findIssuerUrls(issuer);
  if (urls.ok) return lookUpKeys(issuer, urls.value, options);
  // The rules say so: nothing is fetched.
  const none = {
    found: false,
    problem: urls.problem,
    remedy: 'correct spec.issuer (or spec.data.iss)',
    isUnreachable: false,
  } as const;
  return { ways: { openid: none, xrootd: none }, asked: [], otherIssuer: undefined };
}

async function isSignedBy({ text, header }: FoundToken, way: LookUps['ways'][LookUpWay]): Promise<boolean> {
  const { alg, kid } = header;
  const jwk = way.found ? chooseKey(readKeys(way.keys), kid) : undefined;
  if (jwk === undefined || !isAlgorithmName(alg)) return false;
  // A verifier that does without crv takes the key for one of P-256; for the others a rule says that it is missing.
  const curve = jwk.kty === 'EC' && jwk.crv === undefined ? { crv: 'P-256' } : {};
  const key = await readPublicKey({ ...jwk, ...curve }, alg).catch(() => undefined);
  const critical = arrayMember(header, 'crit').filter((name) => typeof name === 'string');
  return verifiesWith(text, key, alg, critical); // a rule says which verifiers refuse them
}

async function describeCandidateKey(jwk: JWK): Promise<Verification['keys'][number]> {
  const thumbprint = await calculateJwkThumbprint(bareJwk(jwk)).catch(() => undefined);
  return { kid: jwk.kid, algorithm: jwk.alg, thumbprint };
}
