import type { ObjectName } from '../resources/object-key.ts';
import { keySourceOf, type Jwt } from '../resources/jwt.ts';
import type { KeySource } from '../resources/key-source.ts';
import { ALLOWED_NAMESPACES, RESERVED_POLICIES } from '../resources/names.ts';
import type { StateProblem } from '../resources/problem.ts';
import { fail, ok, type Result } from '../resources/result.ts';
import { trimmed } from '../resources/white-space.ts';
import { readSecretData, type SecretMetadata } from '../resources/secret.ts';
import { kubectl } from '../resources/shell-words.ts';

/** The place of a key Secret, with the namespace that counts. */
export interface KeyReference extends ObjectName {
  readonly key: string;
}

/** The metadata in which a Secret says who may use a key in it. */
export type KeyTerms = Pick<SecretMetadata, 'annotations' | 'hasLongGrants'>;

/** The Secret that a JWT's key is in; `undefined` for a key in the JWT itself. */
export function locateKey(
  jwt: Jwt,
  source: KeySource,
  legacyKeyNamespace: string | undefined,
): KeyReference | undefined {
  if (source.from === 'value') return undefined;
  const namespace = source.namespace ?? legacyKeyNamespace ?? jwt.namespace;
  return { namespace, name: source.name, key: source.key };
}

/** As `locateKey`, also of a spec that cannot be served. */
export function locateKeyOfAny(jwt: Jwt, legacyKeyNamespace: string | undefined): KeyReference | undefined {
  const source = keySourceOf(jwt);
  return source === undefined ? undefined : locateKey(jwt, source, legacyKeyNamespace);
}

/**
 * The version of one key, as a status names it: `<uid>/<resourceVersion>/<data key>`. Not that of its Secret alone: a spec may
 * name another data key of an unchanged Secret.
 */
export function keyVersionOf(
  { uid, resourceVersion }: Pick<SecretMetadata, 'uid' | 'resourceVersion'>,
  dataKey: string,
): string {
  return `${uid}/${resourceVersion}/${dataKey}`;
}

/**
 * Why a JWT is not allowed to sign with the key Secret whose metadata is given; `undefined` when it is allowed. For a
 * Secret of another namespace the text is the same whether it exists or not, so that it cannot be found out by trying.
 */
export function findKeyRefusal(
  jwt: Jwt,
  reference: KeyReference,
  secret: KeyTerms | undefined,
): StateProblem | undefined {
  const where = `${reference.namespace}/${reference.name}`;
  if (reference.namespace !== jwt.namespace && !isGranted(secret, jwt.namespace)) {
    return {
      reason: 'KeyNotGranted',
      message:
        `key Secret ${where} does not exist or is not granted to namespace ${jwt.namespace}: ` +
        `ask its owner to add ${jwt.namespace} to the annotation ${ALLOWED_NAMESPACES}`,
    };
  }
  if (secret === undefined) {
    return {
      reason: 'KeyNotFound',
      message: `key Secret ${where} does not exist: ${createCommand(reference)}`,
    };
  }
  const policy = RESERVED_POLICIES.find((name) => secret.annotations[name] !== undefined);
  return policy === undefined
    ? undefined
    : {
        reason: 'PolicyDenied',
        message: `key Secret ${where} carries ${policy}, which this version cannot enforce: nothing is signed with it; remove the annotation`,
      };
}

/** The reader replaces KEYFILE: only they know where the key is. */
function createCommand({ namespace, name, key }: KeyReference): string {
  return kubectl('create', 'secret', 'generic', name, '-n', namespace, `--from-file=${key}=KEYFILE`);
}

/** The key's text in the wire JSON of its Secret. */
export function readKeyText(
  secret: unknown,
  { namespace, name, key }: KeyReference,
): Result<string, StateProblem> {
  const text = readSecretData(secret, key);
  if (text !== undefined) return ok(text);
  return fail({
    reason: 'KeyNotFound',
    message: `key Secret ${namespace}/${name} has no data key "${key}": add it, or correct spec.key.secret.key`,
  });
}

/** A list that was not kept may grant it: the read of the key asks once more, with the whole list. */
function isGranted(secret: KeyTerms | undefined, namespace: string): boolean {
  if (secret?.hasLongGrants === true) return true;
  const granted = readGrants(secret?.annotations[ALLOWED_NAMESPACES]);
  return granted.some((item) => item === '*' || item === namespace);
}

/** The items of the annotation `allowed-namespaces`: names, or `*` for all. */
export function readGrants(annotation: string | undefined): readonly string[] {
  return annotation?.split(',').map(trimmed) ?? [];
}
