import { constants, createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { isAmong } from '../certificates/ca-bundle.ts';
import { readCertificates } from '../certificates/read-certificates.ts';
import { whyClientsRefuse } from '../certificates/refused-by-clients.ts';
import { intermediatesOf, validityOfChain, type ChainValidity } from '../certificates/serving-chain.ts';
import { describeFileError } from '../resources/file-error.ts';
import { fail, ok, type Result } from '../resources/result.ts';

/** PEM texts: a certificate, with its intermediates after it, and its private key. */
export interface CertificatePair {
  readonly cert: string;
  readonly key: string;
}

/** A pair that a server can use, and the time in which clients take it. */
export interface ServingCertificate extends CertificatePair, ChainValidity {}

/** Paths of PEM files: the chain with the leaf first, and the leaf's private key. */
export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/**
 * The TLS settings of a server, given at its start and again with each new pair; without a pair it takes no handshake. A client
 * of TLS 1.2 is not allowed to ask for another handshake on an open connection: each costs the server a signature. Sessions are
 * kept in the clients' tickets alone.
 */
export function secureContextOptions(pair: CertificatePair | undefined): SecureContextOptions {
  const secureOptions = constants.SSL_OP_NO_RENEGOTIATION;
  return pair === undefined ? { secureOptions } : { cert: pair.cert, key: pair.key, secureOptions };
}

/**
 * Checks what TLS will check, here and in the API server, so that a server never gets a pair with which no handshake succeeds.
 * Never quotes the key.
 */
export function checkCertificate(pair: CertificatePair): Result<ServingCertificate, string> {
  const leaf = orUndefined(() => new X509Certificate(pair.cert));
  if (leaf === undefined) return fail('the certificate is not a valid PEM certificate');
  const privateKey: KeyObject | undefined = orUndefined(() => createPrivateKey(pair.key));
  if (privateKey === undefined) return fail('the key is not a valid PEM private key without passphrase');
  if (!leaf.checkPrivateKey(privateKey))
    return fail('key and certificate do not belong together (the server’s own certificate comes first)');
  try {
    createSecureContext(secureContextOptions(pair));
  } catch (error) {
    return fail(`TLS does not take this pair: ${reasonOf(error)}`);
  }
  const behind = readCertificates(pair.cert).filter((other) => !isAmong(other, [leaf]));
  const intermediates = intermediatesOf(leaf, behind);
  const refused = whyClientsRefuse(leaf, behind);
  if (refused !== undefined) return fail(`clients refuse the certificate: ${refused}`);
  const { cert, key } = pair;
  return ok({ cert, key, ...validityOfChain(leaf, intermediates) });
}

/** OpenSSL's few words, `ee key too small` for example. */
function reasonOf(error: unknown): string {
  if (error instanceof Error && 'reason' in error && typeof error.reason === 'string') return error.reason;
  return error instanceof Error && 'code' in error ? String(error.code) : 'for no known reason';
}

/** The problem names the file that cannot be read. */
export async function readCertificateFiles({
  certFile,
  keyFile,
}: CertificateFiles): Promise<Result<ServingCertificate, string>> {
  const [cert, key] = await Promise.all([readPem(certFile), readPem(keyFile)]);
  if (!cert.ok) return cert;
  if (!key.ok) return key;
  const checked = checkCertificate({ cert: cert.value, key: key.value });
  return checked.ok ? checked : fail(`${certFile} and ${keyFile}: ${checked.problem}`);
}

async function readPem(path: string): Promise<Result<string, string>> {
  try {
    return ok(await readFile(path, 'utf8'));
  } catch (error) {
    return fail(`cannot read ${path}: ${describeFileError(error)}`);
  }
}

function orUndefined<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}
