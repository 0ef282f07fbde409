import { findCondition } from '../../reconcile/conditions.ts';
import type { Jwt } from '../../resources/jwt.ts';

/** Reasons why nothing is written although the token in the Secret is still valid. */
const HELD_BACK: ReadonlySet<unknown> = new Set(['PolicyDenied', 'WriteFailed', 'WriteRefused', 'Contended']);

/** The first that says so is the one: with a policy in the way, no key would help. */
const TYPES = ['PolicyDenied', 'KeyAvailable', 'Ready', 'Contended'];

/** The message of the condition that says why no new token is signed or written; `undefined` if none does. */
export function whyNotSigned({ recorded }: Jwt): string | undefined {
  const conditions = TYPES.map((type) => findCondition(recorded, type));
  const refusal = conditions.find(
    (condition) => condition?.status === 'False' || HELD_BACK.has(condition?.reason),
  );
  return refusal?.message;
}
