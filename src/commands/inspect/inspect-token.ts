import type { JsonObject } from '../../resources/json.ts';
import { formatDuration, formatTime, wholeTime } from '../../time/format-time.ts';
import { toSeconds, type Seconds } from '../../time/units.ts';
import type { FoundToken } from '../input/found-token.ts';
import type { Io } from '../io.ts';
import { printReport, type OutputFormat, type Paint, type Style } from '../output/report-output.ts';
import { describeTokenParts } from '../output/token-lines.ts';
import { EXIT, type ExitCode } from '../command.ts';

/** The reported facts about a token, as `-o json` prints them; never the signature. */
interface InspectedToken {
  readonly source: string;
  readonly header: JsonObject;
  readonly claims: JsonObject;
  /** Length of the whole token. */
  readonly bytes: number;
  readonly state: 'valid' | 'expired' | 'not valid yet' | 'without expiry';
  /** RFC 3339. */
  readonly expiresAt: string | undefined;
  /** Until it expires; negative since it has. */
  readonly remainingSeconds: Seconds | undefined;
}

/** Prints header, claims and remaining life. Exit code 1 when it cannot be used now. */
export function inspectToken(token: FoundToken, output: OutputFormat, io: Io): ExitCode {
  const now = Math.floor(toSeconds(Date.now()));
  const report = reportToken(token, now);
  printReport(io, output, report, (facts, paint) => describeInspected(facts, now, paint));
  return report.state === 'valid' ? EXIT.done : EXIT.refused;
}

function reportToken({ source, header, claims, text }: FoundToken, now: Seconds): InspectedToken {
  const { exp, nbf } = claims;
  const common = { source, header, claims, bytes: Buffer.byteLength(text) };
  if (typeof exp !== 'number')
    return { ...common, state: 'without expiry', expiresAt: undefined, remainingSeconds: undefined };
  const isEarly = typeof nbf === 'number' && nbf > now;
  const state = exp <= now ? 'expired' : isEarly ? 'not valid yet' : 'valid';
  return { ...common, state, expiresAt: formatTime(exp), remainingSeconds: wholeTime(exp) - now };
}

function describeInspected(report: InspectedToken, now: Seconds, paint: Paint): readonly string[] {
  const { source, state, bytes } = report;
  const style: Style = state === 'valid' ? 'green' : 'red';
  return [
    `${paint('bold', `Token of ${source}`)}: ${paint(style, describeLife(report))}`,
    ...describeTokenParts(report, now, paint),
    paint('gray', `  ${bytes} bytes`),
  ];
}

function describeLife({ state, remainingSeconds = 0, claims }: InspectedToken): string {
  const { iat, exp } = claims;
  if (state === 'without expiry') return 'it has no claim exp, and every verifier refuses it';
  if (state === 'expired') return `expired ${formatDuration(Math.abs(remainingSeconds))} ago`;
  const whole = typeof iat === 'number' && typeof exp === 'number' ? wholeTime(exp) - wholeTime(iat) : 0;
  const share =
    whole > 0 ? ` (${Math.min(100, Math.round((remainingSeconds / whole) * 100))} % of its life)` : '';
  const left = `${formatDuration(remainingSeconds)} left${share}`;
  return state === 'valid' ? left : `not valid yet; ${left}`;
}
