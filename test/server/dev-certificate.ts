import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  cryptoProvider,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

export interface DevCertificate {
  readonly cert: string;
  readonly key: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

const HOUR_MS = 3_600_000;

const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
/** A key too small for TLS, which fails only when it is given the pair. */
export const RSA_1024 = {
  name: 'RSASSA-PKCS1-v1_5',
  modulusLength: 1024,
  publicExponent: Uint8Array.of(1, 0, 1),
  hash: 'SHA-256',
};

/**
 * A self-signed pair for 127.0.0.1 and localhost, valid since an hour ago; clients trust it with `cert` as
 * their CA. `lifetimeMs` counts from now: if it is negative, the certificate has expired.
 */
export async function makeDevCertificate(
  lifetimeMs = HOUR_MS,
  algorithm: typeof P256 | typeof RSA_1024 = P256,
): Promise<DevCertificate> {
  cryptoProvider.set(webcrypto);
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=jwt-injector test',
    notBefore: new Date(Date.now() - HOUR_MS),
    notAfter: new Date(Date.now() + lifetimeMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new SubjectAlternativeNameExtension([
        { type: 'ip', value: '127.0.0.1' },
        { type: 'dns', value: 'localhost' },
      ]),
    ],
  });
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { cert: certificate.toString('pem'), key: toPem(pkcs8), expiresAt: certificate.notAfter.getTime() };
}

function toPem(pkcs8: ArrayBuffer): string {
  const body = Buffer.from(pkcs8).toString('base64').replaceAll(/.{64}/g, '$&\n').trimEnd();
  return `-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----\n`;
}
