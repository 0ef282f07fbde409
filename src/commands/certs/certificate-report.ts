import type { X509Certificate } from 'node:crypto';
import { certificateRenewalTime } from '../../certificates/lifetimes.ts';
import { nameInLine, readCertificates } from '../../certificates/read-certificates.ts';
import { checkBundles, checkServing, distrust, listEntries } from '../installation/check-certificates.ts';
import type { Finding } from '../installation/finding.ts';
import { foundValue } from '../cluster/read-result.ts';
import type { CertificateSnapshot } from '../installation/certificate-snapshot.ts';
import { formatTime } from '../../time/format-time.ts';
import { toSeconds, type Seconds } from '../../time/units.ts';

/** One certificate, as `-o json` prints it. Times in RFC 3339. */
export interface ShownCertificate {
  /** The places in which it is stored: `Secret jwt-injector/jwt-injector-tls tls.crt`. */
  readonly places: readonly string[];
  readonly subject: string;
  readonly issuer: string;
  /** DNS names and addresses that it is for. */
  readonly names: string | undefined;
  readonly validFrom: string;
  readonly expiresAt: string;
  /** When jwt-injector renews it; `undefined` for those that it does not renew. */
  readonly renewsAt: string | undefined;
  /** SHA-256, in hexadecimal digits. */
  readonly fingerprint: string;
}

/** The report of `certs`. */
export interface CertificateReport {
  readonly now: Seconds;
  readonly namespace: string;
  /** The writer that renews the serving certificate; `undefined` if that could not be read. */
  readonly source: 'self' | 'files' | undefined;
  /** The served certificate comes first; each once. */
  readonly certificates: readonly ShownCertificate[];
  /** The entries of the webhook configurations; `problem`: why the API server refuses what is served, if it does. */
  readonly entries: readonly { readonly name: string; readonly problem: string | undefined }[];
  readonly findings: readonly Finding[];
}

/** Pure. */
export function reportCertificates(snapshot: CertificateSnapshot): CertificateReport {
  const { now, namespace, tls } = snapshot;
  const secret = foundValue(tls.secret);
  const found = new Map<string, { readonly certificate: X509Certificate; readonly places: string[] }>();
  const add = (certificate: X509Certificate, place: string): void => {
    const known = found.get(certificate.fingerprint256);
    if (known === undefined) found.set(certificate.fingerprint256, { certificate, places: [place] });
    else if (!known.places.includes(place)) known.places.push(place);
  };
  const where = `Secret ${namespace}/${tls.name}`;
  for (const certificate of secret?.chain ?? []) add(certificate, `${where} tls.crt`);
  for (const certificate of secret?.authorities ?? []) add(certificate, `${where} ca.crt`);
  const entries = listEntries(snapshot);
  for (const { name, caBundle } of entries) {
    for (const certificate of readCertificates(caBundle)) add(certificate, `caBundle of ${name}`);
  }
  const leaf = secret?.chain[0];
  const findings: Finding[] = [];
  for (const judgement of checkServing(snapshot)) findings.push({ check: 'certificate', ...judgement });
  for (const judgement of checkBundles(snapshot)) findings.push({ check: 'ca-bundle', ...judgement });
  const own = new Set([leaf, secret?.authorities[0]].map((certificate) => certificate?.fingerprint256));
  return {
    now: toSeconds(now),
    namespace,
    source: tls.source,
    certificates: [...found.values()].map(({ certificate, places }) =>
      reportCertificate(certificate, places, tls.source === 'self' && own.has(certificate.fingerprint256)),
    ),
    entries: entries.map((entry) => ({
      name: entry.name,
      problem: distrust(entry, secret?.chain ?? [], now),
    })),
    findings,
  };
}

function reportCertificate(
  certificate: X509Certificate,
  places: readonly string[],
  isRenewed: boolean,
): ShownCertificate {
  return {
    places,
    subject: nameInLine(certificate.subject),
    issuer: certificate.checkIssued(certificate) ? 'itself' : nameInLine(certificate.issuer),
    names: certificate.subjectAltName,
    validFrom: formatDate(certificate.validFromDate),
    expiresAt: formatDate(certificate.validToDate),
    renewsAt: isRenewed ? formatTime(toSeconds(certificateRenewalTime(certificate))) : undefined,
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
  };
}

function formatDate(date: Date): string {
  return formatTime(toSeconds(date.getTime()));
}
