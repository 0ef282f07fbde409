import { parseTime, formatWhen } from '../../time/format-time.ts';
import type { Seconds } from '../../time/units.ts';
import { describeFindings } from '../installation/finding-lines.ts';
import { formatTable } from '../output/table.ts';
import type { Paint } from '../output/report-output.ts';
import type { CertificateReport, ShownCertificate } from './certificate-report.ts';

const SOURCES = {
  self: 'jwt-injector issues and renews it',
  files: 'from files: the owner of the Secret renews it',
} as const;

/** The report for people. */
export function describeCertificates(report: CertificateReport, paint: Paint): readonly string[] {
  const { namespace, source, certificates, entries, findings, now } = report;
  const trusts = entries.map(({ name, problem }) => [
    problem === undefined ? paint('green', 'trusts') : paint('red', 'DOES NOT TRUST'),
    name,
    problem ?? '',
  ]);
  return [
    paint('bold', `Certificate of jwt-injector in namespace ${namespace}`) +
      (source === undefined ? '' : `: ${SOURCES[source]}`),
    ...certificates.flatMap((certificate) => describeCertificate(certificate, now, paint)),
    ...(trusts.length === 0 ? [] : ['', paint('bold', 'Webhook configurations'), ...formatTable(trusts)]),
    '',
    ...describeFindings(findings, paint),
  ];
}

function describeCertificate(
  { subject, issuer, names, places, expiresAt, renewsAt }: ShownCertificate,
  now: Seconds,
  paint: Paint,
): readonly string[] {
  const rows = [
    ['  issued by', issuer],
    ...(names === undefined ? [] : [['  for', names]]),
    ['  valid until', when(expiresAt, now)],
    ...(renewsAt === undefined ? [] : [['  renewed', when(renewsAt, now)]]),
    ...places.map((place, index) => [index === 0 ? '  in' : '', place]),
  ];
  return ['', paint('bold', subject), ...formatTable(rows)];
}

function when(time: string, now: Seconds): string {
  const seconds = parseTime(time);
  return seconds === undefined ? time : formatWhen(seconds, now);
}
