import type { Jwt } from '../resources/jwt.ts';
import { ADOPT, GROUP, KIND, LAST_SIGNING_TIME, OWNING_JWT } from '../resources/names.ts';
import { MAX_DNS_LABEL, MAX_OBJECT_NAME } from '../resources/object-name.ts';
import type { Owner } from '../resources/owner.ts';
import type { SecretMetadata } from '../resources/secret.ts';
import { kubectl } from '../resources/shell-words.ts';

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

/** The obstacle for a JWT whose Secret is not ours, or is being deleted. */
export interface Conflict {
  /** The reason, with the remedy at the end. */
  readonly why: string;
  /** The words of the kubectl command that hands the Secret over, where that is a remedy, too. */
  readonly handOver: readonly string[] | undefined;
}

/** The conflict in words for a condition or an Event; ends with the remedy. */
export function describeConflict(jwt: Identity, secret: Conflicting): string {
  const { why, handOver } = explainConflict(jwt, secret);
  return handOver === undefined ? why : `${why}: ${kubectl(...handOver)}`;
}

type Conflicting = Owned & Pick<SecretMetadata, 'isDeleting'>;

/** The conflict in words, with the command by itself: only its reader knows which flags lead to the cluster. */
export function explainConflict(jwt: Identity, secret: Conflicting): Conflict {
  const { namespace, name } = jwt;
  if (secret.isDeleting || findOwnership(jwt, secret) === 'predecessor') {
    const why = `Secret ${name} is being deleted: it is created again as soon as it is gone`;
    return { why, handOver: undefined };
  }
  const controller = findOtherController(jwt, secret.owners);
  if (controller !== undefined) {
    const why =
      `Secret ${name} belongs to ${describeOwner(controller)} and is left untouched: ` +
      'create this JWT under another name, or that object with another Secret';
    return { why, handOver: undefined };
  }
  return {
    why:
      `Secret ${name} exists and is not this JWT's: it is left untouched. Create the JWT under another name; or delete the ` +
      'Secret if nobody needs it; or hand it over, what is in it stays',
    handOver: ['annotate', 'secret', name, '-n', namespace, `${ADOPT}=${name}`],
  };
}

/**
 * An owner in words: kind and name, cut to what the API server allows for names elsewhere. In owner references it
 * bounds neither.
 */
export function describeOwner({ kind, name }: Pick<Owner, 'kind' | 'name'>): string {
  return `${showForeign(kind, MAX_DNS_LABEL)} ${showForeign(name, MAX_OBJECT_NAME)}`;
}

function showForeign(text: string, most: number): string {
  return text.slice(0, most).replaceAll(/[^\x20-\x7E]/g, '?');
}

/** The owner that controls the Secret, if it is not this JWT. */
function findOtherController(jwt: Pick<Jwt, 'uid'>, owners: readonly Owner[]): Owner | undefined {
  return owners.find((owner) => owner.controller && !isOwner(jwt, owner));
}

function isPredecessor({ name }: Identity, owner: Owner): boolean {
  return isJwt(owner) && owner.name === name;
}

function isJwt({ group, kind }: Owner): boolean {
  return group === GROUP && kind === KIND;
}
