import { parseTime, formatUtc, formatWhen } from '../../time/format-time.ts';
import type { CommandPrinter } from '../cluster/command-printer.ts';
import { NOT_PROCESSED, PENDING } from '../cluster/ready-state.ts';
import type { JwtReport } from './jwt-report.ts';
import { describeLint } from './lint-lines.ts';
import { describeLifetimes, formatRenewals } from './renewal-lines.ts';
import { formatTable } from '../output/table.ts';
import type { Paint } from '../output/report-output.ts';
import { describeTokenParts } from '../output/token-lines.ts';
import type { Seconds } from '../../time/units.ts';

/** When the report is made, in seconds since the epoch, in which namespace jwt-injector is, and of which cluster. */
interface Circumstances {
  readonly now: Seconds;
  readonly home: string;
  readonly printer: CommandPrinter;
}

/** The report for people. */
export function describeJwt(
  report: JwtReport,
  circumstances: Circumstances,
  paint: Paint,
): readonly string[] {
  const { now } = circumstances;
  return [
    headline(report, paint),
    ...listConditions(report, paint),
    '',
    ...describeToken(report, now, paint),
    '',
    paint('bold', 'What jwt-injector does next'),
    ...describeNext(report, circumstances),
    '',
    ...describeRenewals(report, now, paint),
    ...describeLintOf(report, paint),
    ...report.forbidden.map((request) =>
      paint('yellow', `note: you are not allowed to ${request}; ${FROM_STATUS}`),
    ),
  ];
}

const FROM_STATUS = 'what depends on it is taken from the status of the JWT';

function headline({ namespace, name, ready, reason }: JwtReport, paint: Paint): string {
  const title = paint('bold', `JWT ${namespace}/${name}`);
  if (ready === 'True') return `${title}: ${paint('green', `Ready (${reason})`)}`;
  if (ready === PENDING) return `${title}: ${paint('yellow', NOT_PROCESSED)}`;
  return `${title}: ${paint('red', `not Ready (${reason})`)}`;
}

function listConditions({ conditions, upToDate }: JwtReport, paint: Paint): readonly string[] {
  const rows = conditions.map(({ type, status, reason, message }, index) => [
    `  ${type}`,
    status === 'False' ? paint('red', status) : status,
    reason,
    conditions.findIndex((other) => other.message === message) < index ? '(the same)' : message,
  ]);
  const isOld = conditions.length > 0 && !upToDate;
  return [
    ...formatTable(rows),
    ...(isOld
      ? [paint('yellow', '  The spec has changed since then: jwt-injector has not processed the change yet.')]
      : []),
  ];
}

/** Why there is no token to show. */
const WHY_NO_TOKEN: Readonly<Record<JwtReport['secret'], string>> = {
  ours: 'no token that can be read',
  absent: 'there is no such Secret',
  foreign: 'the Secret does not belong to this JWT: its content was not read',
  predecessor: 'the Secret belongs to a deleted JWT of the same name, and will be deleted',
  forbidden: 'not shown: you are not allowed to read it',
};

function describeToken(report: JwtReport, now: Seconds, paint: Paint): readonly string[] {
  const { name, namespace, token, secret, key } = report;
  const place = key === '' ? [] : [`  private key: ${key}`];
  const title = paint('bold', `Token in Secret ${namespace}/${name}`);
  if (token === undefined) return [title, `  ${WHY_NO_TOKEN[secret]}`, ...place];
  return [title, ...describeTokenParts(token, now, paint), ...place];
}

function describeNext(report: JwtReport, circumstances: Circumstances): readonly string[] {
  const { now } = circumstances;
  const { next, conditions, nextAttemptAt } = report;
  const { problem } = next;
  const isReported = conditions.some(({ message }) => message === problem);
  const attempt = parseTime(nextAttemptAt);
  return [
    `  ${next.message}${problem === undefined ? '' : isReported ? ': see above' : `: ${problem}`}`,
    ...(attempt === undefined
      ? []
      : [`  the conditions above say what it waits for; the next attempt is at ${formatWhen(attempt, now)}`]),
    ...(isDueAtOnce(report, now) ? describePromptness(circumstances) : []),
  ];
}

/** Seconds: a worker may be busy, and a write has a deadline. */
const ATTEMPT_TAKES = 10;

/** The actions that change the Secret. */
const WRITES: ReadonlySet<JwtReport['next']['action']> = new Set(['disown', 'sign', 'repair']);

/**
 * Whether something is done in a moment, if jwt-injector is running. A key that was checked since it changed need not show in
 * the status, if it is still the same.
 */
export function isDueAtOnce({ next, nextAttemptAt }: JwtReport, now: Seconds): boolean {
  const { action, cause } = next;
  const attempt = parseTime(nextAttemptAt);
  if (attempt !== undefined && attempt >= now - ATTEMPT_TAKES) return false;
  return (action === 'read' && cause !== undefined) || WRITES.has(action);
}

/** If it is still to be done when a person asks again, jwt-injector may not be running. */
function describePromptness({ home, printer }: Circumstances): readonly string[] {
  return [
    '  This takes about a second. If you see it again and again, jwt-injector is not running:',
    `  ${printer.kubectl('get', 'pods', '-n', home)}`,
  ];
}

function describeLintOf(report: JwtReport, paint: Paint): readonly string[] {
  const lines = describeLint(report, paint);
  return lines.length === 0 ? [] : ['', paint('bold', 'Warnings and advice'), ...lines];
}

function describeRenewals(
  { nextRenewals, lifetimes }: JwtReport,
  now: Seconds,
  paint: Paint,
): readonly string[] {
  if (lifetimes === undefined) return [];
  const rows = formatRenewals(nextRenewals, now, ({ at, expiresAt }, index) => [
    `${index + 1}.`,
    at <= now + 1 ? 'now' : formatWhen(at, now),
    `expires ${formatUtc(expiresAt)}`,
  ]);
  return [
    paint('bold', 'Next renewals'),
    `  ${describeLifetimes(lifetimes)}`,
    ...(rows.length === 0 ? ['  none, until the problem is fixed'] : rows),
  ];
}
