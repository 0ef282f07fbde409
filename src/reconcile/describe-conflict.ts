import type { Jwt } from '../resources/jwt.ts';
import { ADOPT, ALLOWED_NAMESPACES, RESERVED_POLICIES, TOKEN_KEY } from '../resources/names.ts';
import { MAX_DNS_LABEL, MAX_OBJECT_NAME } from '../resources/object-name.ts';
import type { Owner } from '../resources/owner.ts';
import type { SecretMetadata } from '../resources/secret.ts';
import { kubectl } from '../resources/shell-words.ts';
import { findOtherController, findOwnership } from './ownership.ts';

/** The obstacle for a JWT whose Secret is not ours, or is being deleted. */
interface Conflict {
  /** The reason, with the remedy at the end. */
  readonly why: string;
  /** The words of the kubectl command that is the last remedy, or shows the way to it, where there is one. */
  readonly command: readonly string[] | undefined;
}

/** Another JWT whose key is in the Secret; `jwt` is its name in words, `undefined` if there may be one. */
export interface KeyUser {
  readonly jwt: string | undefined;
}

type Conflicting = Pick<SecretMetadata, 'owners' | 'annotations' | 'isDeleting'>;
type Named = Pick<Jwt, 'namespace' | 'name' | 'uid'>;

/** The conflict in words for a condition or an Event; ends with the remedy. `keyUser` as of `explainConflict`. */
export function describeConflict(jwt: Named, secret: Conflicting, keyUser: KeyUser | undefined): string {
  const { why, command } = explainConflict(jwt, secret, keyUser);
  return command === undefined ? why : `${why}: ${kubectl(...command)}`;
}

/**
 * The conflict in words, with the command by itself: only its reader knows which flags lead to the cluster. A Secret that holds
 * a key is neither to be deleted nor handed over: it may be the only copy, and the token would replace one called `token`.
 * @param keyUser `undefined`: no JWT is known to sign with a key in the Secret.
 */
export function explainConflict(jwt: Named, secret: Conflicting, keyUser: KeyUser | undefined): Conflict {
  const { namespace, name } = jwt;
  if (secret.isDeleting || findOwnership(jwt, secret) === 'predecessor') {
    return {
      why:
        `Secret ${name} is being deleted, and is not renewed: it is created again as soon as it is gone. If it stays, a finalizer ` +
        'holds it: ask those who set that finalizer; this shows which it is',
      command: ['get', 'secret', name, '-n', namespace, '-o', 'jsonpath={.metadata.finalizers}'],
    };
  }
  const controller = findOtherController(jwt, secret.owners);
  if (controller !== undefined) {
    const why =
      `Secret ${name} belongs to ${describeOwner(controller)} and is left untouched: ` +
      'create this JWT under another name, or that object with another Secret';
    return { why, command: undefined };
  }
  const user = keyUser ?? (hasKeyTerms(secret) ? { jwt: undefined } : undefined);
  if (user !== undefined) {
    const use = user.jwt === undefined ? 'a JWT may sign' : `${user.jwt} signs`;
    const why = `Secret ${name} is not this JWT's, and ${use} with a key in it: it is left untouched. Create this JWT under another name`;
    return { why, command: undefined };
  }
  return {
    why:
      `Secret ${name} exists and is not this JWT's: it is left untouched. Create the JWT under another name; or delete the ` +
      `Secret if nobody needs it; or hand it over, which replaces its data key ${TOKEN_KEY}, if it has one, and the labels and ` +
      'annotations that this JWT sets, and nothing else in it',
    command: ['annotate', 'secret', name, '-n', namespace, `${ADOPT}=${name}`],
  };
}

/** Its owner says who may sign with a key in it. */
function hasKeyTerms({ annotations }: Conflicting): boolean {
  return [ALLOWED_NAMESPACES, ...RESERVED_POLICIES].some((name) => annotations[name] !== undefined);
}

/**
 * An owner in words: kind and name, cut to what the API server allows for names elsewhere. In owner references it
 * bounds neither.
 *
 * @internal
 */
export function describeOwner({ kind, name }: Pick<Owner, 'kind' | 'name'>): string {
  return `${showForeign(kind, MAX_DNS_LABEL)} ${showForeign(name, MAX_OBJECT_NAME)}`;
}

function showForeign(text: string, most: number): string {
  return text.slice(0, most).replaceAll(/[^\x20-\x7E]/g, '?');
}
