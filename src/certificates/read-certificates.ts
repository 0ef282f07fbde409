import { X509Certificate, type KeyObject } from 'node:crypto';
import type { Milliseconds } from '../time/units.ts';

const BLOCK = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]{1,32768}?-----END CERTIFICATE-----/g;
/** The most certificates of a bundle: a cluster's own authorities are one or two. Further ones are ignored. */
export const MAX_CERTIFICATES = 32;
/** PEM text, in characters; a longer text is not read. */
const MAX_TEXT_LENGTH = 262_144;

/** The problem of a bundle with more, to follow its name. */
export const TOO_MANY_CERTIFICATES = `would hold more than ${MAX_CERTIFICATES} certificates`;
const TEXT_TOO_LONG = `is longer than ${MAX_TEXT_LENGTH} characters`;

/** The certificates of a PEM text, in their order. Anything else in it is left out. */
export function readCertificates(text: string): readonly X509Certificate[] {
  if (text.length > MAX_TEXT_LENGTH) return [];
  const found: X509Certificate[] = [];
  for (const [block] of text.matchAll(BLOCK)) {
    const certificate = readCertificate(block);
    if (certificate !== undefined) found.push(certificate);
    if (found.length === MAX_CERTIFICATES) break;
  }
  return found;
}

/** Why `readCertificates` does not read all of a text, to follow the text's name; `undefined` if it does. */
export function findExcess(text: string): string | undefined {
  if (text.length > MAX_TEXT_LENGTH) return TEXT_TOO_LONG;
  return (text.match(BLOCK) ?? []).length > MAX_CERTIFICATES ? TOO_MANY_CERTIFICATES : undefined;
}

/** The first certificate of a PEM text. */
export function readCertificate(text: string): X509Certificate | undefined {
  try {
    return new X509Certificate(text);
  } catch {
    return undefined;
  }
}

/** Its public key; `undefined` where it is of a kind that this program's OpenSSL does not know. */
export function publicKeyOf(certificate: X509Certificate): KeyObject | undefined {
  try {
    return certificate.publicKey;
  } catch {
    return undefined;
  }
}

/** Whether it was issued by this authority, by name and by signature. */
export function isIssuedBy(certificate: X509Certificate, authority: X509Certificate): boolean {
  if (!certificate.checkIssued(authority)) return false;
  const key = publicKeyOf(authority);
  return key !== undefined && certificate.verify(key);
}

/** A subject or issuer in one line, `O=Example, CN=Intermediate`: Node writes each part of it on a line of its own. */
export function nameInLine(name: string): string {
  return name.replaceAll('\n', ', ');
}

/** PEM text of all, each with a line break at its end. */
export function certificatesToPem(certificates: readonly X509Certificate[]): string {
  return certificates.map((certificate) => `${certificate.toString().trimEnd()}\n`).join('');
}

/** Whether it is over at `now`, in milliseconds since the epoch. */
export function hasExpired(certificate: X509Certificate, now: Milliseconds): boolean {
  return now >= certificate.validToDate.getTime();
}

/** Whether `now`, in milliseconds since the epoch, is between its dates: outside of them no client takes it. */
export function isValidAt(certificate: X509Certificate, now: Milliseconds): boolean {
  return now >= certificate.validFromDate.getTime() && !hasExpired(certificate, now);
}
