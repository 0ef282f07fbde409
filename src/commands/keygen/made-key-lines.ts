import type { ObjectName } from '../../resources/object-key.ts';
import { inOrder, shellCommand } from '../../resources/shell-words.ts';
import type { CommandPrinter } from '../cluster/command-printer.ts';
import type { Paint } from '../output/report-output.ts';
import { formatTable } from '../output/table.ts';
import type { KeyFileRole } from './key-files.ts';
import type { MadeKey } from './made-key-report.ts';

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
