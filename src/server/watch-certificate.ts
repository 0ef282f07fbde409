import { fail, type Result } from '../resources/result.ts';
import type { Clock } from '../time/clock.ts';
import { certificateProblem } from './certificate-age.ts';
import { readCertificateFiles, type CertificateFiles, type ServingCertificate } from './tls.ts';

/** As often as cert-manager looks at its own: Secret volumes swap links, which file watching misses. */
export const CERTIFICATE_POLL_MS = 10_000;

/** Which files to look at, and what is called with the results. */
export interface CertificateWatch {
  readonly files: CertificateFiles;
  /** The pair in use when the watch begins. */
  readonly current: ServingCertificate;
  readonly onChange: (certificate: ServingCertificate) => void;
  /** At the beginning and after each look. */
  readonly onLook: (inUse: ServingCertificate) => void;
  /** Once per problem, not once per look: key and certificate may be written one after the other. */
  readonly onProblem: (problem: string) => void;
  readonly clock: Pick<Clock, 'now' | 'sleep'>;
  readonly signal: AbortSignal;
}

/**
 * Looks at the files until `signal` aborts. A pair that cannot be used changes nothing: the old one stays in use. So it does
 * as long as it is valid and the new one is not; the next look decides again.
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

/** While clients take the present pair, one that they refuse by its dates is a problem, such as one of an old backup. */
async function readNext(
  { files, clock }: CertificateWatch,
  present: ServingCertificate,
): Promise<Result<ServingCertificate, string>> {
  const read = await readCertificateFiles(files);
  const now = clock.now();
  if (!read.ok || certificateProblem(present, now) !== undefined) return read;
  const problem = certificateProblem(read.value, now);
  return problem === undefined ? read : fail(`${files.certFile}: ${problem}`);
}
