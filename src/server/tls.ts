import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { describeFileError } from '../resources/file-error.ts';
import { fail, ok, type Result } from '../resources/result.ts';

/** PEM texts: a certificate, with its intermediates after it, and its private key. */
export interface CertificatePair {
  readonly cert: string;
  readonly key: string;
}

export interface ServingCertificate extends CertificatePair {
  /** Of the leaf; milliseconds since the epoch. */
  readonly expiresAt: number;
}

export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** Checks that the two belong together, so that a server never gets a pair it cannot use. Never quotes the key. */
export function checkCertificate({ cert, key }: CertificatePair): Result<ServingCertificate, string> {
  const leaf = attempt(() => new X509Certificate(cert));
  if (leaf === undefined) return fail('the certificate is no PEM certificate');
  const privateKey: KeyObject | undefined = attempt(() => createPrivateKey(key));
  if (privateKey === undefined) return fail('the key is no PEM private key without passphrase');
  if (!leaf.checkPrivateKey(privateKey)) return fail('key and certificate do not belong together');
  return ok({ cert, key, expiresAt: leaf.validToDate.getTime() });
}

/** The problem names the file that cannot be read. */
export async function readCertificate({
  certFile,
  keyFile,
}: CertificateFiles): Promise<Result<ServingCertificate, string>> {
  const [cert, key] = await Promise.all([readText(certFile), readText(keyFile)]);
  if (!cert.ok) return cert;
  if (!key.ok) return key;
  const checked = checkCertificate({ cert: cert.value, key: key.value });
  return checked.ok ? checked : fail(`${certFile} and ${keyFile}: ${checked.problem}`);
}

async function readText(path: string): Promise<Result<string, string>> {
  try {
    return ok(await readFile(path, 'utf8'));
  } catch (error) {
    return fail(`cannot read ${path}: ${describeFileError(error)}`);
  }
}

function attempt<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}
