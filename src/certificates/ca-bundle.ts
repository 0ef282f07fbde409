import type { X509Certificate } from 'node:crypto';
import type { Milliseconds } from '../time/units.ts';
import { isOwnAuthority } from './own-authority.ts';
import { hasExpired, readCertificates, writeCertificates } from './read-certificates.ts';

/** Authorities of others that stay in a bundle beside ours. */
const MAX_OTHERS = 16;

/** What a bundle is to be. */
export interface WantedBundle {
  /** Authorities of ours that are to be trusted, the newest first. */
  readonly trusted: readonly X509Certificate[];
  /** Of the authorities that are ours. */
  readonly namespace: string;
  /** Others of ours that are in the bundle stay: some replica may serve with a certificate of theirs. */
  readonly isOverlap: boolean;
  readonly now: Milliseconds;
}

/**
 * The PEM text of a bundle that trusts ours; `undefined` when it is so already. Authorities of
 * others stay until they expire: its owner may serve with it, while the certificate comes from elsewhere.
 */
export function correctBundle(present: string, wanted: WantedBundle): string | undefined {
  const { trusted, namespace, isOverlap, now } = wanted;
  const found = readCertificates(present);
  const valid = found.filter((certificate) => !hasExpired(certificate, now));
  const own = valid.filter((certificate) => isOwnAuthority(certificate, namespace));
  const others = valid.filter((certificate) => !own.includes(certificate)).slice(0, MAX_OTHERS);
  const ours = trusted.filter((certificate) => !hasExpired(certificate, now));
  const kept = isOverlap ? own.filter((certificate) => !isAmong(certificate, ours)) : [];
  const all = [...ours, ...kept, ...others];
  const isRight = all.length === found.length && all.every((certificate) => isAmong(certificate, found));
  return isRight ? undefined : writeCertificates(all);
}

/** Whether exactly this certificate is in the list. */
export function isAmong({ fingerprint256 }: X509Certificate, list: readonly X509Certificate[]): boolean {
  return list.some((other) => other.fingerprint256 === fingerprint256);
}

/** Whether a certificate that one of the list issued, by name and by signature, is accepted by who trusts the list. */
export function findIssuer(
  leaf: X509Certificate,
  list: readonly X509Certificate[],
): X509Certificate | undefined {
  return list.find((authority) => leaf.checkIssued(authority) && leaf.verify(authority.publicKey));
}
