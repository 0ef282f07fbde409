import type { ObjectName } from '../../resources/object-key.ts';
import type { JsonObject } from '../../resources/json.ts';
import type { Jwt } from '../../resources/jwt.ts';
import { ALLOWED_NAMESPACES } from '../../resources/names.ts';
import type { CommandPrinter } from '../cluster/command-printer.ts';
import { inOrder } from '../../resources/shell-words.ts';
import { readGrants, type KeyReference } from '../../reconcile/key-access.ts';

/** A merge patch (RFC 7386) of a JWT's spec. */
export function patchSpec({ kubectl }: CommandPrinter, jwt: Jwt, spec: JsonObject): string {
  return kubectl('patch', 'jwt', ...nameAndPlace(jwt), '--type=merge', '-p', JSON.stringify({ spec }));
}

/** Ends a Deployment's pods, and leaves it where it is. */
export function stopDeployment({ kubectl }: CommandPrinter, { namespace, name }: ObjectName): string {
  return kubectl('scale', 'deployment', name, '-n', namespace, '--replicas=0');
}

/** Waits until a pod is gone. */
export function awaitEnd({ kubectl }: CommandPrinter, { namespace, name }: ObjectName): string {
  return kubectl('wait', '--for=delete', `pod/${name}`, '-n', namespace, '--timeout=120s');
}

/** Takes a pod off the API server that nobody is going to end: its node is gone. */
export function dropPod({ kubectl }: CommandPrinter, { namespace, name }: ObjectName): string {
  return kubectl('delete', 'pod', name, '-n', namespace, '--force');
}

/** Opens the JWT in an editor. */
export function editJwt({ kubectl }: CommandPrinter, jwt: Jwt): string {
  return kubectl('edit', 'jwt', ...nameAndPlace(jwt));
}

/** A JWT of a Cluster-scoped CRD has no namespace. */
function nameAndPlace({ namespace, name }: Jwt): readonly string[] {
  return namespace === '' ? [name] : [name, '-n', namespace];
}

/** The reader replaces KEYFILE: only they know where the key is. */
export function createKeySecretCommand(
  { kubectl }: CommandPrinter,
  { namespace, name }: ObjectName,
  keys: Iterable<string>,
): string {
  const files = [...keys].map((key) => `--from-file=${key}=KEYFILE`);
  return kubectl('create', 'secret', 'generic', name, '-n', namespace, ...files);
}

/**
 * Creates a Secret from what `source` prints, then does `next`. The key is on no command line and in no file. Without a key,
 * or if a Secret of that name exists, nothing is done.
 */
export function moveKey(
  { kubectl }: CommandPrinter,
  source: string,
  { namespace, name, key }: KeyReference,
  next: string,
): string {
  const file = `--from-file=${key}=/dev/stdin`;
  const create = kubectl('create', 'secret', 'generic', name, '-n', namespace, file);
  const print = String.raw`printf '%s\n' "$key"`;
  return `(${inOrder(`key=$(${source})`, 'test -n "$key"', `${print} | ${create}`, next)})`;
}

/** Prints one member of an object; dots in names are escaped as kubectl's JSONPath wants it. */
export function printMember(
  { kubectl }: CommandPrinter,
  kind: string,
  { namespace, name }: ObjectName,
  path: readonly string[],
): string {
  const parts = path.map((part) => part.replaceAll('.', String.raw`\.`));
  return kubectl('get', kind, name, '-n', namespace, '-o', `jsonpath={.${parts.join('.')}}`);
}

/**
 * Lets namespaces sign with a key.
 * @param present the annotation as it is; `undefined` when it could not be read: then an existing one is not replaced.
 */
export function grantKey(
  { kubectl }: CommandPrinter,
  { namespace, name }: ObjectName,
  present: string | undefined,
  needed: Iterable<string>,
): string {
  const granted = readGrants(present);
  const all = [...new Set([...granted, ...needed])].filter((item) => item !== '');
  const overwrite = present === undefined ? [] : ['--overwrite'];
  return kubectl(
    'annotate',
    'secret',
    name,
    '-n',
    namespace,
    ...overwrite,
    `${ALLOWED_NAMESPACES}=${all.join(',')}`,
  );
}
