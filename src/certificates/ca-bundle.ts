import type { X509Certificate } from 'node:crypto';
import { fail, ok, type Result } from '../resources/result.ts';
import type { Milliseconds } from '../time/units.ts';
import { isOwnAuthority } from './own-authority.ts';
import {
  findExcess,
  hasExpired,
  isIssuedBy,
  MAX_CERTIFICATES,
  readCertificates,
  TOO_MANY_CERTIFICATES,
  certificatesToPem,
} from './read-certificates.ts';
import type { BundleChange, WebhookEntry } from './webhook-configuration.ts';

/** The content that a bundle should have. */
interface WantedBundle {
  /** Authorities of ours that are to be trusted, the newest first. */
  readonly trusted: readonly X509Certificate[];
  /** The namespace of the authorities that are ours. */
  readonly namespace: string;
  /** Whether another of ours that is in the bundle stays, since some replica may serve with a certificate of it. */
  readonly isInUse: (authority: X509Certificate) => boolean;
  readonly now: Milliseconds;
}

/**
 * The PEM text of a bundle that trusts ours; `undefined` when it is so already. Authorities of others stay until they
 * expire: its owner may serve with it, while the certificate comes from elsewhere. The problem is as of `addToBundle`.
 */
export function correctBundle(
  present: string,
  { trusted, namespace, isInUse, now }: WantedBundle,
): Result<string | undefined, string> {
  const ours = trusted.filter((certificate) => !hasExpired(certificate, now));
  return addToBundle(
    present,
    ours,
    (other) => !hasExpired(other, now) && (!isOwnAuthority(other, namespace) || isInUse(other)),
  );
}

/**
 * The PEM text that trusts these beside those others that stay; `undefined` when it is so already. One that is too large to be
 * read as a whole is never written over, and left as it is if it trusts them. The problem continues a sentence that begins with
 * the bundle's name.
 */
export function addToBundle(
  present: string,
  added: readonly X509Certificate[],
  stays: (other: X509Certificate) => boolean,
): Result<string | undefined, string> {
  const found = readCertificates(present);
  const excess = findExcess(present);
  if (excess !== undefined)
    return added.every((certificate) => isAmong(certificate, found)) ? ok(undefined) : fail(excess);
  const others = found.filter((certificate) => !isAmong(certificate, added) && stays(certificate));
  return replaceBundle(present, [...added, ...others]);
}

/** The PEM text of these alone; `undefined` when it is so already. The problem is as of `addToBundle`. */
export function replaceBundle(
  present: string,
  wanted: readonly X509Certificate[],
): Result<string | undefined, string> {
  const found = readCertificates(present);
  const isSo = wanted.length === found.length && wanted.every((certificate) => isAmong(certificate, found));
  if (isSo && findExcess(present) === undefined) return ok(undefined);
  if (wanted.length > MAX_CERTIFICATES) return fail(TOO_MANY_CERTIFICATES);
  return ok(certificatesToPem(wanted));
}

/**
 * The changes of the bundles of these entries. `change` gets the text of each bundle and the entry's name, and returns the new
 * text. The problem names the first one that it cannot change.
 */
export function changeBundles(
  entries: readonly WebhookEntry[],
  change: (present: string, name: string) => Result<string | undefined, string>,
): Result<readonly BundleChange[], string> {
  const changes: BundleChange[] = [];
  for (const { index, name, caBundle } of entries) {
    const changed = change(caBundle, name);
    if (!changed.ok)
      return fail(
        `caBundle of ${name} ${changed.problem}: leave there only what is needed, with "jwt-injector certs trust FILE --alone"`,
      );
    if (changed.value !== undefined) changes.push({ index, name, caBundle: changed.value });
  }
  return ok(changes);
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
  return list.find((authority) => isIssuedBy(leaf, authority));
}
