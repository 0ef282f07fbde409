import type { JWK } from 'jose';
import type { Jwt } from '../resources/jwt.ts';
import type { StateProblem } from '../resources/problem.ts';
import type { SignatureCause } from '../resources/reasons.ts';
import type { SecretMetadata } from '../resources/secret.ts';
import type { SigningKey } from '../signing/key.ts';
import type { Seconds } from '../time/units.ts';
import type { KeyUser } from './describe-conflict.ts';

/**
 * The token in the Secret. `unread`: its text is not in memory, because the Secret does not have our label, or because the
 * text was dropped before there was a key to check it with.
 */
export type TokenObservation =
  | { readonly state: 'unread' }
  | {
      readonly state: 'faulty';
      readonly cause: SignatureCause;
      /** Seconds since the epoch when the fault will have passed by itself, if it will. */
      readonly until?: Seconds;
    }
  | {
      readonly state: 'valid';
      /** Seconds since the epoch. */
      readonly expiresAt: Seconds;
      /** A claim of `iss`, `iat`, `nbf`, `jti` is missing, as in tokens of token-manager. */
      readonly isLegacy: boolean;
      readonly tokenId: string | undefined;
      /** Whether its signature was checked, and with what result; unknown when no public key is at hand yet. */
      readonly signature: 'verified' | 'unknown';
    };

/** The Secret of the JWT's name: its metadata, and the verdict on its token. */
export interface SecretObservation extends SecretMetadata {
  readonly token: TokenObservation;
  /** It has data keys besides `token`; `undefined`: its data was not read. */
  readonly hasOtherData: boolean | undefined;
}

/** The private key that the JWT names. */
export type KeyObservation =
  | {
      readonly state: 'unavailable';
      readonly problem: StateProblem;
      /** The watch shows a key that is allowed, the API server does not: one of them is behind, so try again soon. */
      readonly isDisputed?: true;
    }
  /** It exists and the JWT is allowed to use it; `version` shows whether it changed since it was read last. */
  | {
      readonly state: 'unread';
      readonly version: string;
      /** The caches do not hold its Secret: `version` is that of the status, or stands for none. */
      readonly isUnlisted?: true;
      /** Only the object itself says whether the JWT is allowed to use it. Until it was read nothing is said of it. */
      readonly isGrantUnread?: true;
    }
  | { readonly state: 'read'; readonly version: string; readonly key: SigningKey };

/** Everything one decision depends on, gathered at one moment. */
export interface Observed {
  readonly jwt: Jwt;
  readonly secret: SecretObservation | undefined;
  /** The API server itself said that there is no such Secret; a cache may be behind. */
  readonly isAbsenceConfirmed: boolean;
  /** The JWT is as the API server itself has it; a cache may be behind. */
  readonly isJwtConfirmed: boolean;
  readonly key: KeyObservation;
  /** The public key that the status records; `undefined` without one that can be read. */
  readonly recordedKey: JWK | undefined;
  /** The JWT names the Secret of its own name as the one that holds its key. */
  readonly isKeyInOwnSecret: boolean;
  /** Another JWT that signs with a key in the Secret of this JWT's name, if that is another owner's. */
  readonly keyUser: KeyUser | undefined;
  /** Why the policy of the cluster forbids to sign what the JWT asks for; `undefined`: it does not. */
  readonly policyRefusal: StateProblem | undefined;
}
