import { fail, type Result } from '../resources/result.ts';
import type { Clock } from '../time/clock.ts';
import { ageOfCertificate, certificateProblem, type CertificateAge } from './certificate-age.ts';
import { readCertificateFiles, type CertificateFiles, type ServingCertificate } from './tls.ts';

/**
 * The interval at which cert-manager reads its own, too: Secret volumes swap links, which file watching misses.
 *
 * @internal
 */
export const CERTIFICATE_POLL_MS = 10_000;

interface CertificateWatch {
  readonly files: CertificateFiles;
  /** The pair in use when the watch begins. */
  readonly current: ServingCertificate;
  readonly onChange: (certificate: ServingCertificate) => void;
  /** Called at the beginning and after each look. */
  readonly onLook: (inUse: ServingCertificate) => void;
  /** Once per problem, not once per look: key and certificate may be written one after the other. */
  readonly onProblem: (problem: string) => void;
  readonly clock: Pick<Clock, 'now' | 'sleep'>;
  readonly signal: AbortSignal;
}

/**
 * Looks at the files until `signal` aborts. A pair that cannot be used changes nothing: the old one stays in use. So it does
 * as long as its dates are better than those of the new one; the next look decides again.
 */
export async function watchCertificate(watch: CertificateWatch): Promise<void> {
  const { onChange, onLook, onProblem, clock, signal } = watch;
  let { current } = watch;
  let lastProblem: string | undefined;
  onLook(current);
  while (await clock.sleep(CERTIFICATE_POLL_MS, signal)) {
    const next = await readNext(watch, current);
    const problem = next.ok ? undefined : next.problem;
    if (problem !== undefined && problem !== lastProblem) onProblem(problem);
    lastProblem = problem;
    if (next.ok && (next.value.cert !== current.cert || next.value.key !== current.key)) {
      current = next.value;
      onChange(current);
    }
    onLook(current);
  }
}

/**
 * How much a pair is worth at its age: clients take one that is valid, and will take one that is early. One that is worth less
 * never replaces the present one, such as that of an old backup.
 */
const WORTH: Readonly<Record<CertificateAge, number>> = { fresh: 2, late: 2, early: 1, expired: 0 };

async function readNext(
  { files, clock }: CertificateWatch,
  present: ServingCertificate,
): Promise<Result<ServingCertificate, string>> {
  const read = await readCertificateFiles(files);
  if (!read.ok) return read;
  const now = clock.now();
  if (worthOf(read.value) >= worthOf(present)) return read;
  return fail(`${files.certFile}: ${certificateProblem(read.value, now)}`);

  function worthOf(pair: ServingCertificate): number {
    return WORTH[ageOfCertificate(pair, now)];
  }
}
