import type { Jwt } from '../../resources/jwt.ts';
import { parsePublicJwk } from '../../reconcile/key-record.ts';
import type { Seconds } from '../../time/units.ts';
import type { Rotation } from '../issuer/rotation.ts';
import type { PublicationProblem } from './publication.ts';

/** Until scitokens-cpp (10 minutes) and Pelican (15) have fetched the keys again, whatever `--wait` says. */
export const MIN_WAIT: Seconds = 15 * 60;

/** The state of a rotation at one moment. Times in seconds since the epoch. */
export interface RotationState {
  readonly jwt: Jwt;
  /** `undefined` before the first step. */
  readonly rotation: Rotation | undefined;
  /** The Secret of the new key is there. */
  readonly hasSecret: boolean;
  /** Why not every verifier can see the new key, and the old one, yet; `undefined` when they can. */
  readonly publicationProblem: PublicationProblem | undefined;
  /** How long the key is published before it signs: the longest that a run of this rotation was asked for. */
  readonly wait: Seconds;
  readonly now: Seconds;
}

/** The next step, one thing at a time. */
export type RotationStep =
  | { readonly do: 'make-key' }
  | { readonly do: 'note-wait' }
  | { readonly do: 'publish'; readonly problem: string }
  /** The issuer does not answer. What was seen there before counts. */
  | { readonly do: 'look-again'; readonly problem: string }
  | { readonly do: 'note-published' }
  | { readonly do: 'wait'; readonly until: Seconds }
  | { readonly do: 'switch' }
  /** Somebody changed `keyId` after the switch. */
  | { readonly do: 'reverted'; readonly problem: string }
  | { readonly do: 'await-signature' }
  | { readonly do: 'keep-old'; readonly until: Seconds }
  /** Other JWTs need the old key. `until`: when their last token of it has expired; `undefined` while one signs with it. */
  | { readonly do: 'await-others'; readonly until: Seconds | undefined }
  /** `until`: by force, while the old key has tokens that live until then, those of other JWTs included. */
  | { readonly do: 'finish'; readonly until?: Seconds };

/**
 * The next step of the documented rotation. `force` skips publication and waiting, and switches again what somebody
 * changed back, and nothing else.
 */
export function nextStep(state: RotationState, force: boolean): RotationStep {
  const { jwt, rotation, now } = state;
  if (rotation === undefined) return { do: 'make-key' };
  if (!isSwitched(jwt, rotation)) {
    return rotation.switchedAt === undefined || force
      ? stepBeforeSwitch(state, rotation, force)
      : { do: 'reverted', problem: describeReversal(jwt) };
  }
  if (!isSignedWith(jwt, rotation)) return { do: 'await-signature' };
  const until = oldKeyUntil(jwt, rotation);
  if (until <= now) return { do: 'finish' };
  return { do: force ? 'finish' : 'keep-old', until };
}

/** Whether the JWT names the new key since the rotation changed it. */
export function isSwitched({ spec }: Jwt, rotation: Rotation | undefined): boolean {
  return rotation?.switchedAt !== undefined && spec.ok && spec.value.keyId === rotation.publicKey.kid;
}

function stepBeforeSwitch(state: RotationState, rotation: Rotation, force: boolean): RotationStep {
  const { hasSecret, publicationProblem, wait, now } = state;
  if (!hasSecret) return { do: 'make-key' };
  if (force) return { do: 'switch' };
  if (wait > (rotation.wait ?? MIN_WAIT)) return { do: 'note-wait' };
  if (publicationProblem !== undefined) {
    const { message: problem, isUnreachable } = publicationProblem;
    return { do: isUnreachable && rotation.publishedAt !== undefined ? 'look-again' : 'publish', problem };
  }
  if (rotation.publishedAt === undefined) return { do: 'note-published' };
  const until = rotation.publishedAt + wait;
  return until > now ? { do: 'wait', until } : { do: 'switch' };
}

function describeReversal({ spec }: Jwt): string {
  const keyId = spec.ok ? spec.value.keyId : '';
  return `somebody changed spec.keyId to ${keyId} after the new key was in the JWT`;
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
    .filter(({ publicKey }) => mayHaveKeyId(publicKey, previousKeyId))
    .map(({ expiresAt }) => expiresAt);
  return Math.max(switchedAt, ...expiries) + MIN_WAIT;
}

/** Whether a public key in a status has that `kid`; one without a `kid` may be that key. */
export function mayHaveKeyId(publicKey: string, keyId: string): boolean {
  return (parsePublicJwk(publicKey)?.kid ?? keyId) === keyId;
}
