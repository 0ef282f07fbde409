import type { ObjectName } from '../../resources/object-key.ts';
import type { JWK } from 'jose';
import { inOrder, shellCommand } from '../../resources/shell-words.ts';
import type { CommandPrinter } from '../cluster/command-printer.ts';
import { formatTable } from '../output/table.ts';
import type { Paint } from '../output/report-output.ts';
import type { KeyFile, KeyFileRole } from './key-files.ts';

/** The key that `keygen` made; never the private key. */
export interface MadeKey {
  /** The name of the JWT. */
  readonly name: string;
  /** The namespace of the JWT; `undefined`: that of the context in which it is applied. */
  readonly namespace: string | undefined;
  readonly issuer: string;
  readonly algorithm: string;
  /** The key to publish. */
  readonly publicKey: JWK & { readonly kid: string };
  readonly files: readonly Pick<KeyFile, 'role' | 'path' | 'what'>[];
  /** `undefined`: one of the files holds it instead. */
  readonly secret: ObjectName | undefined;
}

/** The report on the key, as `-o json` prints it. */
export interface KeyReport {
  readonly name: string;
  readonly issuer: string;
  /** Also the RFC 7638 thumbprint. */
  readonly keyId: string;
  readonly algorithm: string;
  readonly publicKey: JWK;
  readonly files: readonly { readonly path: string; readonly what: string }[];
  readonly secret: ObjectName | undefined;
}

/** The report on the key, for scripts. */
export function reportKey({ name, issuer, algorithm, publicKey, files, secret }: MadeKey): KeyReport {
  const shown = files.map(({ path, what }) => ({ path, what }));
  return { name, issuer, keyId: publicKey.kid, algorithm, publicKey, files: shown, secret };
}

/** The report on the key, and the next steps, in lines for people. */
export function describeMadeKey(
  made: MadeKey,
  { kubectl, jwtInjector }: CommandPrinter,
  paint: Paint,
): readonly string[] {
  const { name, namespace, issuer, algorithm, publicKey, files, secret } = made;
  const pathsOf = (role: KeyFileRole): readonly string[] =>
    files.filter((file) => file.role === role).flatMap(({ path }) => ['-f', path]);
  const publishing = ['jwks', ...pathsOf('publicKey'), '--issuer', issuer, '--dir', 'site/'];
  const where = namespace === undefined ? [] : ['-n', namespace];
  // The key first: where another one has its name, it stays as it is, and no JWT is made that would sign with it.
  const objects = (['keySecret', 'jwt'] as const).map(pathsOf).filter((paths) => paths.length > 0);
  return [
    paint('bold', `A key for JWT ${name}: ${algorithm}, kid ${publicKey.kid}`),
    ...formatTable([...describeSecret(secret), ...files.map(({ path, what }) => [`  ${path}`, what])]),
    '',
    paint('bold', 'The public key'),
    `  ${JSON.stringify(publicKey)}`,
    '',
    paint('bold', 'Next'),
    `  ${shellCommand('jwt-injector', publishing)}`,
    `  ${inOrder(...objects.map((paths) => kubectl('create', ...paths, ...where)))}`,
    `  ${jwtInjector('verify', 'jwt', name, ...where)}`,
  ];
}

function describeSecret(secret: ObjectName | undefined): readonly (readonly string[])[] {
  return secret === undefined
    ? []
    : [[`  Secret ${secret.namespace}/${secret.name}`, 'the private key, in the cluster']];
}
