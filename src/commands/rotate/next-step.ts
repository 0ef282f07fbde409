import type { Jwt } from '../../resources/jwt.ts';
import { parsePublicJwk } from '../../reconcile/key-record.ts';
import type { Seconds } from '../../time/units.ts';
import type { Rotation } from '../issuer/rotation.ts';

/** Until scitokens-cpp (10 minutes) and Pelican (15) have fetched the keys again, whatever `--wait` says. */
export const MIN_WAIT: Seconds = 15 * 60;

/** What is known of a rotation at one moment. Times in seconds since the epoch. */
export interface RotationState {
  readonly jwt: Jwt;
  /** `undefined` before the first step. */
  readonly rotation: Rotation | undefined;
  /** The Secret of the new key is there. */
  readonly hasSecret: boolean;
  /** Why not every verifier can see the new key, and the old one, yet; `undefined` when they can. */
  readonly publicationProblem: string | undefined;
  /** How long the key is published before it signs. */
  readonly wait: Seconds;
  readonly now: Seconds;
}

/** What is to be done next, one thing at a time. */
export type RotationStep =
  | { readonly do: 'make-key' }
  | { readonly do: 'publish'; readonly problem: string }
  | { readonly do: 'note-published' }
  | { readonly do: 'wait'; readonly until: Seconds }
  | { readonly do: 'switch' }
  | { readonly do: 'await-signature' }
  | { readonly do: 'keep-old'; readonly until: Seconds }
  /** `until`: by force, while the old key has tokens that live until then. */
  | { readonly do: 'finish'; readonly until?: Seconds };

/** The next step of the documented rotation. `force` skips publication and waiting, and nothing else. */
export function nextStep(state: RotationState, force: boolean): RotationStep {
  const { jwt, rotation, hasSecret, publicationProblem, wait, now } = state;
  if (rotation === undefined) return { do: 'make-key' };
  if (rotation.switchedAt === undefined) {
    if (!hasSecret) return { do: 'make-key' };
    if (force) return { do: 'switch' };
    if (publicationProblem !== undefined) return { do: 'publish', problem: publicationProblem };
    if (rotation.publishedAt === undefined) return { do: 'note-published' };
    const until = rotation.publishedAt + wait;
    return until > now ? { do: 'wait', until } : { do: 'switch' };
  }
  if (!isSignedWith(jwt, rotation)) return { do: 'await-signature' };
  const until = oldKeyUntil(jwt, rotation);
  if (until <= now) return { do: 'finish' };
  return { do: force ? 'finish' : 'keep-old', until };
}

/** Whether the current token was signed with the new key. */
function isSignedWith({ recorded }: Jwt, { publicKey }: Rotation): boolean {
  return recorded.keyId === publicKey.kid;
}

/**
 * When the old key can be removed: its last token has expired, and everybody who took it for a moment longer has
 * forgotten it.
 */
function oldKeyUntil({ recorded }: Jwt, { previousKeyId, switchedAt = 0 }: Rotation): Seconds {
  const expiries = (recorded.retiredKeys ?? [])
    .filter(({ publicKey }) => parsePublicJwk(publicKey)?.kid === previousKeyId)
    .map(({ expiresAt }) => expiresAt);
  return Math.max(switchedAt, ...expiries) + MIN_WAIT;
}
