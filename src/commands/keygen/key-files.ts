import { join } from 'node:path';
import type { NewFile } from '../output/new-files.ts';

const PRIVATE = 0o600;
const PUBLIC = 0o644;

/** The roles of the files of `keygen`. Each is named after the JWT, with its suffix. */
const FILE_ROLES = {
  privateKey: { suffix: 'key.pem', what: 'the private key', mode: PRIVATE },
  keySecret: { suffix: 'key-secret.yaml', what: 'the Secret that holds it', mode: PRIVATE },
  jwt: { suffix: 'jwt.yaml', what: 'the JWT', mode: PUBLIC },
  publicKey: { suffix: 'jwk.json', what: 'the public key, to be published', mode: PUBLIC },
} as const;

/** The role of a file of `keygen`. */
export type KeyFileRole = keyof typeof FILE_ROLES;

/** A file of `keygen`, with what people are shown of it. */
export interface KeyFile extends NewFile {
  readonly role: KeyFileRole;
  readonly what: string;
}

/** Makes nothing yet: `dir` is the folder that the file is to be in, `name` that of the JWT. */
export function keyFile(
  role: KeyFileRole,
  { dir, name }: { readonly dir: string; readonly name: string },
  text: string,
): KeyFile {
  const { suffix, what, mode } = FILE_ROLES[role];
  return { role, path: join(dir, `${name}-${suffix}`), what, text, mode };
}
