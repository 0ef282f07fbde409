import type { X509Certificate } from 'node:crypto';
import { APP } from '../resources/names.ts';

/**
 * The subject of an authority of ours, in the notation of RFC 4514. Each has a name of its own, so that a client that knows
 * several never takes one for another. `serial`: hexadecimal digits.
 */
export function authorityName(namespace: string, serial: string): string {
  return `O=${APP}, OU=${namespace}, CN=${APP} CA ${serial}`;
}

/** Whether a jwt-injector of this namespace made this authority for itself. By its name: only admins write bundles. */
export function isOwnAuthority({ subject }: X509Certificate, namespace: string): boolean {
  return isOwnName(subject, namespace);
}

/** Whether an authority of ours, by its name, signed this certificate. */
export function isIssuedByOwn({ issuer }: X509Certificate, namespace: string): boolean {
  return isOwnName(issuer, namespace);
}

/** Node writes a name as one line for each part. */
function isOwnName(name: string, namespace: string): boolean {
  const parts = name.split('\n');
  return (
    parts.length === 3 &&
    parts.includes(`O=${APP}`) &&
    parts.includes(`OU=${namespace}`) &&
    parts.some((part) => part.startsWith(`CN=${APP} CA `))
  );
}
