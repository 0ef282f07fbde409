import type { Clock } from '../time/clock.ts';
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
  readonly clock: Pick<Clock, 'sleep'>;
  readonly signal: AbortSignal;
}

/** Looks at the files until `signal` aborts. A pair that cannot be used changes nothing: the old one stays in use. */
export async function watchCertificate(watch: CertificateWatch): Promise<void> {
  const { files, onChange, onLook, onProblem, clock, signal } = watch;
  let { current } = watch;
  let lastProblem: string | undefined;
  onLook(current);
  while (await clock.sleep(CERTIFICATE_POLL_MS, signal)) {
    const read = await readCertificateFiles(files);
    const problem = read.ok ? undefined : read.problem;
    if (problem !== undefined && problem !== lastProblem) onProblem(problem);
    lastProblem = problem;
    if (read.ok && (read.value.cert !== current.cert || read.value.key !== current.key)) {
      current = read.value;
      onChange(current);
    }
    onLook(current);
  }
}
