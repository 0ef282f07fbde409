import type { JsonObject } from '../../resources/json.ts';
import type { Jwt } from '../../resources/jwt.ts';
import { ALLOWED_NAMESPACES } from '../../resources/names.ts';
import type { KeyReference } from '../../reconcile/key-access.ts';

/** Text as one word of a POSIX shell. */
export function quoteShell(text: string): string {
  return /^[\w./:=,@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** A kubectl command of words. */
export function kubectl(...words: readonly string[]): string {
  return ['kubectl', ...words].map(quoteShell).join(' ');
}

/** A merge patch (RFC 7386) of a JWT's spec. */
export function patchSpec({ namespace, name }: Jwt, spec: JsonObject): string {
  return kubectl('patch', 'jwt', name, '-n', namespace, '--type=merge', '-p', JSON.stringify({ spec }));
}

export function editJwt({ namespace, name }: Jwt): string {
  return kubectl('edit', 'jwt', name, '-n', namespace);
}

/** KEYFILE is the reader's to replace: where the key is, nobody can know here. */
export function createKeySecret({ namespace, name, key }: KeyReference): string {
  return kubectl('create', 'secret', 'generic', name, '-n', namespace, `--from-file=${key}=KEYFILE`);
}

/** Makes a Secret of what `source` prints, so that the key is on no command line and in no file. */
export function moveKey(source: string, { namespace, name, key }: KeyReference): string {
  const create = kubectl(
    'create',
    'secret',
    'generic',
    name,
    '-n',
    namespace,
    `--from-file=${key}=/dev/stdin`,
  );
  return `${source} | ${create}`;
}

/** Prints one member of an object; dots in names are escaped as kubectl's JSONPath wants it. */
export function printMember(kind: string, namespace: string, name: string, path: readonly string[]): string {
  const parts = path.map((part) => part.replaceAll('.', String.raw`\.`));
  return kubectl('get', kind, name, '-n', namespace, '-o', `jsonpath={.${parts.join('.')}}`);
}

/**
 * Lets namespaces sign with a key.
 * @param present the annotation as it is; `undefined` when it could not be read: then an existing one is not replaced.
 */
export function grantKey(
  { namespace, name }: Pick<KeyReference, 'namespace' | 'name'>,
  present: string | undefined,
  needed: Iterable<string>,
): string {
  const granted = (present ?? '').split(',').map((item) => item.trim());
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
