import type { Logger } from 'pino';
import { formatTime } from '../time/format-time.ts';
import { DAY_MS, HOUR_MS, toSeconds, type Milliseconds } from '../time/units.ts';
import type { ServingCertificate } from './tls.ts';

/** The last part of a certificate's life, in which it should have been replaced: cert-manager replaces it at the same point. */
const LAST_PART = 1 / 3;

/** The dates of the webhook's certificate, and the intermediate that sets the last one, if not the leaf. */
export type CertificateDates = Pick<ServingCertificate, 'validFrom' | 'expiresAt'> &
  Partial<Pick<ServingCertificate, 'firstToExpire'>>;

/** `late`: in the last third of its life. */
export type CertificateAge = 'early' | 'fresh' | 'late' | 'expired';

/** How old a certificate is at `now`, in milliseconds since the epoch. */
export function ageOfCertificate(
  { validFrom, expiresAt }: CertificateDates,
  now: Milliseconds,
): CertificateAge {
  if (now >= expiresAt) return 'expired';
  if (now < validFrom) return 'early';
  return now >= lateTime({ validFrom, expiresAt }) ? 'late' : 'fresh';
}

function lateTime({ validFrom, expiresAt }: CertificateDates): Milliseconds {
  return expiresAt - (expiresAt - validFrom) * LAST_PART;
}

/** The reason why clients do not accept this certificate at `now`, for `/readyz` and before another one is replaced by it. */
export function certificateProblem(
  certificate: CertificateDates | undefined,
  now: Milliseconds,
): string | undefined {
  if (certificate === undefined) return 'none yet';
  const age = ageOfCertificate(certificate, now);
  if (age === 'expired') {
    const what =
      certificate.firstToExpire === undefined ? '' : `its intermediate ${certificate.firstToExpire} `;
    return `${what}expired at ${formatTime(toSeconds(certificate.expiresAt))}`;
  }
  return age === 'early'
    ? `not valid before ${formatTime(toSeconds(certificate.validFrom))}: compare the clocks`
    : undefined;
}

/** How often the same is logged again: an expired certificate stops every annotated pod. */
const AGAIN_MS: Readonly<Record<CertificateAge, Milliseconds>> = {
  early: HOUR_MS,
  fresh: Number.POSITIVE_INFINITY,
  late: DAY_MS,
  expired: HOUR_MS,
};

/** Logs the age of the certificate in use, now and then. Gives the time until it has something to log again; infinite: never. */
type AgeLog = (certificate: CertificateDates, now: Milliseconds) => Milliseconds;

/**
 * A function to be called with the certificate in use, again and again. `remedy` says in a few words what somebody has to do
 * for a new one.
 */
export function logAge(log: Logger, remedy: string): AgeLog {
  let logged:
    { readonly age: CertificateAge; readonly expiresAt: Milliseconds; readonly at: Milliseconds } | undefined;
  return (certificate, now) => {
    const age = ageOfCertificate(certificate, now);
    const { expiresAt } = certificate;
    const isKnown = logged?.age === age && logged.expiresAt === expiresAt;
    if (logged === undefined || !isKnown || now >= logged.at + AGAIN_MS[age]) {
      logged = { age, expiresAt, at: now };
      const { validFrom, firstToExpire } = certificate;
      const times = {
        validFrom: formatTime(toSeconds(validFrom)),
        expiresAt: formatTime(toSeconds(expiresAt)),
      };
      LOG[age](log, times, describeAgedPart(firstToExpire), remedy);
    }
    return Math.min(logged.at + AGAIN_MS[age], nextAgeTime(certificate, now)) - now;
  };
}

/** When it will be of another age, since the epoch. */
function nextAgeTime({ validFrom, expiresAt }: CertificateDates, now: Milliseconds): Milliseconds {
  const times = [validFrom, lateTime({ validFrom, expiresAt }), expiresAt];
  return times.find((time) => time > now) ?? Number.POSITIVE_INFINITY;
}

/** The part of the certificate with its age: its name, and its effect once it has expired. */
interface AgedPart {
  readonly what: string;
  readonly effect: string;
}

function describeAgedPart(intermediate: string | undefined): AgedPart {
  return intermediate === undefined
    ? {
        what: 'the webhook’s certificate',
        effect: 'the API server refuses it, and with it every annotated pod',
      }
    : {
        what: `the intermediate ${intermediate} of the webhook’s certificate`,
        effect: 'clients without another way to its authority refuse the certificate',
      };
}

type LogOfAge = (log: Logger, times: object, part: AgedPart, remedy: string) => void;

const LOG: Readonly<Record<CertificateAge, LogOfAge>> = {
  fresh: () => undefined,
  early: (log, times) =>
    log.error(times, 'the webhook’s certificate is not valid yet, and clients refuse it: compare the clocks'),
  late: (log, times, { what }, remedy) =>
    log.warn(times, `${what} is in the last third of its life: ${remedy}`),
  expired: (log, times, { what, effect }, remedy) =>
    log.error(times, `${what} has expired, and ${effect}: ${remedy}`),
};
