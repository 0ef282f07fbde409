import type { X509Certificate } from 'node:crypto';
import { hasExpired, readCertificates } from '../../certificates/read-certificates.ts';
import { fail, ok, type Result } from '../../resources/result.ts';
import { formatTime } from '../../time/format-time.ts';
import { toSeconds, type Milliseconds } from '../../time/units.ts';
import { showFilename } from '../input/read-text.ts';
import { EXIT, type CommandProblem } from '../command.ts';

/** Beyond, a bundle would leave no room for what is trusted besides. */
const MAX_AUTHORITIES = 8;

/** The certificates of a PEM text, each once, if the API server could trust all of them. Pure. */
export function readAuthorities(
  text: string,
  filename: string,
  now: Milliseconds,
): Result<readonly X509Certificate[], CommandProblem> {
  const where = showFilename(filename);
  const found = new Map(readCertificates(text).map((each) => [each.fingerprint256, each]));
  const authorities = [...found.values()];
  if (authorities.length === 0)
    return unusable(`${where} holds no certificate: it has to be PEM text, with a line BEGIN CERTIFICATE`);
  if (authorities.length > MAX_AUTHORITIES)
    return unusable(
      `${where} holds ${authorities.length} certificates, and at most ${MAX_AUTHORITIES} are taken`,
    );
  const expired = authorities.find((each) => hasExpired(each, now));
  if (expired !== undefined) {
    const since = formatTime(toSeconds(expired.validToDate.getTime()));
    return unusable(
      `${where} holds a certificate that expired at ${since}: ${expired.subject.replaceAll('\n', ', ')}`,
    );
  }
  return ok(authorities);
}

function unusable(message: string): Result<never, CommandProblem> {
  return fail({ exit: EXIT.refused, message });
}
