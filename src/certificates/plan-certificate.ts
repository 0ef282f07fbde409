import type { X509Certificate } from 'node:crypto';
import { APP } from '../resources/names.ts';
import { HOUR_MS, type Milliseconds } from '../time/units.ts';
import { changeBundles, correctBundle, findIssuer, isAmong } from './ca-bundle.ts';
import { RETIRED_AFTER_MS, certificateRenewalTime, SETTLING_MS } from './lifetimes.ts';
import { isOwnAuthority } from './own-authority.ts';
import { hasExpired, isValidAt, readCertificate, readCertificates } from './read-certificates.ts';
import type { OwnTlsSecret, ServingPair, TlsSecret } from './tls-secret.ts';
import type { TrustedTimes } from './trust-age.ts';
import { isAddress, type BundleChange, type WebhookConfiguration } from './webhook-configuration.ts';

/** The facts on which the next step depends. */
export interface ObservedCertificate {
  /** The namespace that the Secret is in, or will be in. */
  readonly namespace: string;
  readonly secret: TlsSecret;
  readonly configurations: readonly WebhookConfiguration[];
  /** PEM text of the certificate that this replica gave to TLS last. It serves with it, unless TLS did not take it. */
  readonly lastTried: string | undefined;
  /** How long all bundles have trusted the authority that signs; 0 while one does not. */
  readonly trust: TrustedTimes;
  /** Since the epoch. */
  readonly now: Milliseconds;
}

/** The first thing to do; what comes after it is decided by another look. */
export type CertificateStep =
  | { readonly do: 'blocked'; readonly why: string }
  | {
      readonly do: 'issue';
      /** Why, in words that go on from "issued a certificate:". */
      readonly cause: string;
      /** The authority that signs; `undefined`: a new one, which takes the first place. */
      readonly signer: OwnTlsSecret | undefined;
      /** resourceVersion of the Secret that is changed; `undefined`: the Secret is created. */
      readonly replacedVersion: string | undefined;
      /** Authorities that have to be trusted for a while longer. */
      readonly retired: readonly X509Certificate[];
      readonly hosts: readonly string[];
    }
  | {
      readonly do: 'trust';
      readonly configuration: WebhookConfiguration;
      readonly changes: readonly BundleChange[];
    }
  | { readonly do: 'serve'; readonly pair: ServingPair }
  | { readonly do: 'retire'; readonly secret: OwnTlsSecret; readonly keep: readonly X509Certificate[] }
  /** Nothing to do before that time has passed. */
  | { readonly do: 'wait'; readonly for: Milliseconds };

/** Retired authorities that are trusted at once; more come only of deleting the Secret again and again. */
const MAX_RETIRED = 3;
/** Names in one certificate, ours included. */
const MAX_HOSTS = 16;
/**
 * The longest wait without a change. What is seen changes the plan at once; this is for a clock that was set, while
 * certificates have weeks to live.
 */
export const MAX_CERTIFICATE_WAIT_MS = 6 * HOUR_MS;

/** The first that has an answer decides. The order is the meaning: a certificate is served only once it is trusted. */
const CERTIFICATE_PLANNERS: readonly ((
  own: OwnTlsSecret,
  observed: ObservedCertificate,
) => CertificateStep | undefined)[] = [planAuthority, planLeaf, planTrust, planServe, planRetirement];

/** Decides. Pure: the same input gives the same step. */
export function planCertificate(observed: ObservedCertificate): CertificateStep {
  const { secret } = observed;
  switch (secret.kind) {
    case 'foreign':
      return { do: 'blocked', why: `it ${secret.why}` };
    case 'absent':
      return planNewAuthority(undefined, 'there was no Secret', observed);
    case 'own':
      for (const plan of CERTIFICATE_PLANNERS) {
        const step = plan(secret, observed);
        if (step !== undefined) return step;
      }
      return planWait(secret, observed);
    default:
      return secret satisfies never;
  }
}

function planAuthority(own: OwnTlsSecret, observed: ObservedCertificate): CertificateStep | undefined {
  const cause = whyNewAuthority(own, observed.now);
  return cause === undefined ? undefined : planNewAuthority(own, cause, observed);
}

function planNewAuthority(
  own: OwnTlsSecret | undefined,
  cause: string,
  { namespace, configurations, now }: ObservedCertificate,
): CertificateStep {
  // Those in the bundles are trusted now, and some replica may serve with a certificate of theirs.
  const bundled = configurations
    .flatMap(({ entries }) => entries.flatMap(({ caBundle }) => readCertificates(caBundle)))
    .filter((authority) => isOwnAuthority(authority, namespace));
  const retired: X509Certificate[] = [];
  for (const authority of [...(own?.authorities ?? []), ...bundled]) {
    if (!hasExpired(authority, now) && !isAmong(authority, retired)) retired.push(authority);
  }
  const newest = retired.toSorted(
    (one, other) => other.validFromDate.getTime() - one.validFromDate.getTime(),
  );
  return {
    do: 'issue',
    cause,
    signer: undefined,
    replacedVersion: own?.resourceVersion,
    retired: newest.slice(0, MAX_RETIRED),
    hosts: wantedHosts(namespace, configurations),
  };
}

function whyNewAuthority(own: OwnTlsSecret, now: Milliseconds): string | undefined {
  const [authority] = own.authorities;
  if (authority === undefined) return 'the Secret held no authority';
  if (own.authorityKey === undefined) return 'the Secret held no key of its authority';
  return whyRenew(authority, now, 'the authority');
}

function whyRenew(certificate: X509Certificate, now: Milliseconds, what: string): string | undefined {
  if (hasExpired(certificate, now)) return `${what} had expired`;
  if (now < certificate.validFromDate.getTime()) return `${what} was not valid yet`;
  return now >= certificateRenewalTime(certificate) ? `${what} was at half of its life` : undefined;
}

function planLeaf(
  own: OwnTlsSecret,
  { namespace, configurations, now }: ObservedCertificate,
): CertificateStep | undefined {
  const hosts = wantedHosts(namespace, configurations);
  const cause = whyNewLeaf(own, hosts, now);
  if (cause === undefined) return undefined;
  return {
    do: 'issue',
    cause,
    signer: own,
    replacedVersion: own.resourceVersion,
    retired: own.authorities.slice(1),
    hosts,
  };
}

function whyNewLeaf(own: OwnTlsSecret, hosts: readonly string[], now: Milliseconds): string | undefined {
  if (own.pair === undefined) return 'the Secret held no certificate with its key';
  const { leaf } = own.pair;
  if (findIssuer(leaf, own.authorities.slice(0, 1)) === undefined)
    return 'the certificate was of another authority than the current one';
  const missing = hosts.find((host) => !isFor(leaf, host));
  if (missing !== undefined) return `the certificate was not for ${missing}`;
  return whyRenew(leaf, now, 'the certificate');
}

function isFor(leaf: X509Certificate, host: string): boolean {
  return (isAddress(host) ? leaf.checkIP(host) : leaf.checkHost(host)) !== undefined;
}

/** The Service's name, and whatever else the configurations say the API server calls us by. */
function wantedHosts(namespace: string, configurations: readonly WebhookConfiguration[]): readonly string[] {
  const called = configurations.flatMap(({ entries }) => entries.flatMap(({ host }) => host ?? []));
  return [...new Set([`${APP}.${namespace}.svc`, ...called])].slice(0, MAX_HOSTS);
}

function planTrust(own: OwnTlsSecret, observed: ObservedCertificate): CertificateStep | undefined {
  const { namespace, configurations, now } = observed;
  const isInUse = (authority: X509Certificate): boolean => mayBeInUse(authority, own, observed);
  const wanted = { trusted: own.authorities, namespace, isInUse, now };
  for (const configuration of configurations) {
    const { kind, injector, entries } = configuration;
    const changes = changeBundles(entries, (caBundle) => correctBundle(caBundle, wanted));
    if (!changes.ok) return { do: 'blocked', why: changes.problem };
    if (changes.value.length === 0) continue;
    if (injector === undefined) return { do: 'trust', configuration, changes: changes.value };
    return {
      do: 'blocked',
      why: `the ${kind} webhook configuration ${APP} has the annotation ${injector}, by which cert-manager keeps its caBundle`,
    };
  }
  return undefined;
}

/**
 * Whether some replica may serve with a certificate of an authority of ours that signs no more. The one that signs may be older
 * than it, and trusted only since somebody put its Secret back from a backup: so what was seen of it counts. For what was
 * there before this process, only the usual order says that: the older one was replaced when the one that signs was made.
 */
function mayBeInUse(
  authority: X509Certificate,
  own: OwnTlsSecret,
  { lastTried, trust: { trustedFor, seenFor }, now }: ObservedCertificate,
): boolean {
  const [first] = own.authorities;
  const leaf = lastTried === undefined ? undefined : readCertificate(lastTried);
  if (first === undefined || !isRetiringOver(own, now)) return true;
  if (leaf !== undefined && findIssuer(leaf, [authority]) !== undefined) return true;
  if (seenFor >= RETIRED_AFTER_MS) return false;
  const isOlder = authority.validFromDate.getTime() <= first.validFromDate.getTime();
  return !(isOlder && seenFor >= SETTLING_MS && trustedFor === Number.POSITIVE_INFINITY);
}

/** A pair that works is replaced only when all API servers are sure to trust the new one. */
function planServe(
  { pair }: OwnTlsSecret,
  { configurations, lastTried, trust: { trustedFor }, now }: ObservedCertificate,
): CertificateStep | undefined {
  if (pair === undefined || lastTried === pair.cert) return undefined;
  const present = lastTried === undefined ? undefined : readCertificate(lastTried);
  const works =
    present !== undefined &&
    isValidAt(present, now) &&
    configurations.every(({ entries }) =>
      entries.every(({ caBundle }) => findIssuer(present, readCertificates(caBundle)) !== undefined),
    );
  return works && trustedFor < SETTLING_MS
    ? { do: 'wait', for: SETTLING_MS - trustedFor }
    : { do: 'serve', pair };
}

function planRetirement(own: OwnTlsSecret, { now }: ObservedCertificate): CertificateStep | undefined {
  const [first, ...retired] = own.authorities;
  if (first === undefined || retired.length === 0) return undefined;
  const keep = isRetiringOver(own, now) ? [] : retired.filter((authority) => !hasExpired(authority, now));
  return keep.length === retired.length ? undefined : { do: 'retire', secret: own, keep: [first, ...keep] };
}

/** Whether no replica can serve any more with a certificate of the authority before the current one. */
function isRetiringOver({ authorities: [first] }: OwnTlsSecret, now: Milliseconds): boolean {
  return first !== undefined && now >= first.validFromDate.getTime() + RETIRED_AFTER_MS;
}

function planWait(
  { authorities, pair }: OwnTlsSecret,
  { trust: { seenFor }, now }: ObservedCertificate,
): CertificateStep {
  const [first] = authorities;
  const times = [
    ...[SETTLING_MS, RETIRED_AFTER_MS].map((age) => now + age - seenFor),
    ...(pair === undefined ? [] : [certificateRenewalTime(pair.leaf)]),
    ...(first === undefined ? [] : [certificateRenewalTime(first)]),
    ...(first === undefined ? [] : [first.validFromDate.getTime() + RETIRED_AFTER_MS]),
  ];
  const next = Math.min(...times.filter((time) => time > now)) - now;
  return { do: 'wait', for: Math.min(next, MAX_CERTIFICATE_WAIT_MS) };
}
