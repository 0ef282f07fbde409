import type { ObjectName } from '../../resources/object-key.ts';
import type { JWK } from 'jose';
import type { KeyFile } from './key-files.ts';

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
