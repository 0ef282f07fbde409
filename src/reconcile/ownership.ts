import type { Jwt } from '../resources/jwt.ts';
import { ADOPT, GROUP, KIND, LAST_SIGNING_TIME, OWNING_JWT } from '../resources/names.ts';
import type { Owner } from '../resources/owner.ts';
import type { SecretMetadata } from '../resources/secret.ts';

/**
 * The owner of the Secret of the JWT's name. `ours`: no other controller owns it, and it has an owner reference of this JWT,
 * names this JWT in an annotation, was signed before that annotation existed (by token-manager or by us), or its owner handed
 * it over. `predecessor`: a JWT of the same name that was deleted owned it, and garbage collection is about to remove it.
 * `foreign`: it belongs to another client, and is never touched.
 */
export type Ownership = 'ours' | 'predecessor' | 'foreign';

type Owned = Pick<SecretMetadata, 'owners' | 'annotations'>;
type Identity = Pick<Jwt, 'namespace' | 'name' | 'uid'>;

/** Finds the owner of a Secret of the JWT's name, by its owner references and annotations alone. */
export function findOwnership(jwt: Identity, { owners, annotations }: Owned): Ownership {
  const controller = findOtherController(jwt, owners);
  if (controller !== undefined) return isPredecessor(jwt, controller) ? 'predecessor' : 'foreign';
  if (isOwnedBy(jwt, { owners })) return 'ours';
  const named = annotations[OWNING_JWT];
  const isSignedBefore = named === undefined && annotations[LAST_SIGNING_TIME] !== undefined;
  const isNamed = named === nameOf(jwt);
  return isNamed || isSignedBefore || annotations[ADOPT] === jwt.name ? 'ours' : 'foreign';
}

/** Whether an owner reference of the Secret is of exactly this JWT. */
export function isOwnedBy(jwt: Pick<Jwt, 'uid'>, { owners }: Pick<Owned, 'owners'>): boolean {
  return owners.some((owner) => isOwner(jwt, owner));
}

/** Whether the owner reference is of exactly this JWT. */
export function isOwner({ uid }: Pick<Jwt, 'uid'>, owner: Owner): boolean {
  return owner.uid === uid && isJwt(owner);
}

/** Value of the annotation by which a Secret names its JWT. */
export function nameOf({ namespace, name }: Pick<Jwt, 'namespace' | 'name'>): string {
  return `${namespace}/${name}`;
}

/** The owner that controls the Secret, if it is not this JWT. */
export function findOtherController(jwt: Pick<Jwt, 'uid'>, owners: readonly Owner[]): Owner | undefined {
  return owners.find((owner) => owner.controller && !isOwner(jwt, owner));
}

function isPredecessor({ name }: Identity, owner: Owner): boolean {
  return isJwt(owner) && owner.name === name;
}

function isJwt({ group, kind }: Owner): boolean {
  return group === GROUP && kind === KIND;
}
