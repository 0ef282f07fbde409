import type { Jwt } from '../resources/jwt.ts';
import { ADOPT, KIND, LAST_SIGNING_TIME } from '../resources/names.ts';
import type { SecretObservation } from './observed.ts';

/**
 * Whose the Secret of the JWT's name is. `ours`: an owner reference of this uid, or token-manager's annotation
 * and no other controller, or its owner handed it over. `predecessor`: a JWT of the same name that was deleted
 * owned it, and garbage collection is about to remove it. `foreign`: somebody else's, never touched.
 */
export type Ownership = 'ours' | 'predecessor' | 'foreign';

export function findOwnership(jwt: Jwt, secret: SecretObservation): Ownership {
  if (secret.owners.some((owner) => owner.uid === jwt.uid)) return 'ours';
  const controller = secret.owners.find((owner) => owner.controller);
  if (controller === undefined && secret.annotations[LAST_SIGNING_TIME] !== undefined) return 'ours';
  if (controller?.kind === KIND && controller.name === jwt.name) return 'predecessor';
  if (secret.annotations[ADOPT] === jwt.name && controller === undefined) return 'ours';
  return 'foreign';
}
