import type { JWK } from 'jose';
import type { ReadToken } from '../token.ts';
import type { Seconds } from '../../time/units.ts';

/** The programs that look at a token of OSDF, in the order in which a request meets them. */
export const VERIFIERS = {
  'pelican-client': { title: 'Pelican client', fetches: undefined },
  pelicanfs: { title: 'pelicanfs', fetches: 'openid' },
  'pelican-cache': { title: 'Pelican cache', fetches: 'openid' },
  'pelican-origin': { title: 'Pelican origin', fetches: 'openid' },
  xrootd: { title: 'XRootD (scitokens-cpp)', fetches: 'xrootd' },
} as const;

/** One of `VERIFIERS`. */
export type VerifierName = keyof typeof VERIFIERS;

/** The two ways to find the keys of an issuer: each makes its own URL for the metadata. */
export type LookUpWay = 'openid' | 'xrootd';

/** The result of a verifier's look-up of the issuer's keys. */
export type LookUp =
  | {
      readonly found: true;
      readonly keys: readonly unknown[];
      readonly jwksUrl: string;
      /** A document on the way was redirected. */
      readonly isRedirected: boolean;
    }
  | {
      readonly found: false;
      /** The answer that it got instead, with the URL. */
      readonly problem: string;
      readonly remedy: string;
      /** Nothing answered: from elsewhere it may. */
      readonly isUnreachable: boolean;
    };

/** Everything that a verdict depends on. */
export interface VerdictFacts {
  readonly token: ReadToken;
  /** Length of the compact token. */
  readonly bytes: number;
  readonly lookUps: Readonly<Record<LookUpWay, LookUp>>;
  /** Whether the published key of a way, the one that its verifiers choose, verifies the signature. */
  readonly signature: Readonly<Record<LookUpWay, boolean>>;
  readonly now: Seconds;
}

/** Why a verifier refuses a token, or may, and what helps. */
export interface Reason {
  /** A stable word; never changes its meaning. */
  readonly rule: string;
  readonly refuses: boolean;
  readonly message: string;
  readonly remedy: string;
}

/** The key of a set that a verifier takes for a token with that `kid`, if any: the first of that name. */
export function chooseKey(keys: readonly JWK[], kid: unknown): JWK | undefined {
  if (kid === undefined) return keys.length === 1 ? keys[0] : undefined;
  return keys.find((key) => key.kid === kid);
}
