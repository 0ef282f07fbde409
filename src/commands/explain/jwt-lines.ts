import { parseTime } from '../../time/format-time.ts';
import { APP } from '../../resources/names.ts';
import { sayLifetimes, sayTime, sayWhen } from './words.ts';
import type { JwtReport } from './jwt-report.ts';
import { formatTable } from '../output/table.ts';
import type { Paint } from '../output/table-output.ts';

/** Claims that are NumericDates (RFC 7519 §4.1). */
const TIMES: ReadonlySet<string> = new Set(['iat', 'nbf', 'exp']);

/** The report for people; `now` in seconds since the epoch. */
export function describeJwt(report: JwtReport, now: number, paint: Paint): readonly string[] {
  return [
    headline(report, paint),
    ...describeConditions(report, paint),
    '',
    ...describeToken(report, now, paint),
    '',
    paint('bold', 'What jwt-injector does next'),
    ...describeNext(report, now),
    '',
    ...describeRenewals(report, now, paint),
    ...describeLint(report, paint),
    ...report.mayNot.map((request) => paint('yellow', `note: you are not allowed to ${request}; ${HIDDEN}`)),
  ];
}

const HIDDEN = 'what depends on it is taken from the status of the JWT';

function headline({ namespace, name, ready, reason }: JwtReport, paint: Paint): string {
  const title = paint('bold', `JWT ${namespace}/${name}`);
  if (ready === 'True') return `${title}: ${paint('green', `Ready (${reason})`)}`;
  if (ready === 'Unseen') return `${title}: ${paint('yellow', 'jwt-injector has not looked at it yet')}`;
  return `${title}: ${paint('red', `not Ready (${reason})`)}`;
}

function describeConditions({ conditions, upToDate }: JwtReport, paint: Paint): readonly string[] {
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
      ? [paint('yellow', '  The spec was changed since: jwt-injector has not looked at it again yet.')]
      : []),
  ];
}

/** Why there is no token to show. */
const WITHOUT_TOKEN: Readonly<Record<JwtReport['secret'], string>> = {
  ours: 'none that can be read',
  absent: 'there is no such Secret',
  foreign: "the Secret is not this JWT's: what is in it was not looked at",
  predecessor: 'the Secret is that of a deleted JWT of the same name, and about to go',
  hidden: 'not shown: you are not allowed to read it',
};

function describeToken(report: JwtReport, now: number, paint: Paint): readonly string[] {
  const { name, namespace, token, secret, key } = report;
  const place = key === '' ? [] : [`  private key: ${key}`];
  const title = paint('bold', `Token in Secret ${namespace}/${name}`);
  if (token === undefined) return [title, `  ${WITHOUT_TOKEN[secret]}`, ...place];
  const members = [...Object.entries(token.header), ...Object.entries(token.claims)];
  const rows = members.map(([member, value]) => [`  ${member}`, describeMember(member, value, now)]);
  const hint = '  (the signature is not shown: whoever has it can use the token)';
  return [title, ...formatTable(rows), paint('gray', hint), ...place];
}

function describeMember(key: string, value: unknown, now: number): string {
  if (TIMES.has(key) && typeof value === 'number') return sayWhen(value, now);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function describeNext({ next, conditions, nextAttemptAt }: JwtReport, now: number): readonly string[] {
  const { problem } = next;
  const isTold = conditions.some(({ message }) => message === problem);
  const attempt = parseTime(nextAttemptAt);
  return [
    `  ${next.message}${problem === undefined ? '' : isTold ? ': see above' : `: ${problem}`}`,
    ...(attempt === undefined
      ? []
      : [`  the conditions above say why it waits; the next attempt is at ${sayWhen(attempt, now)}`]),
    ...(isDueAtOnce(next) && (attempt === undefined || attempt < now - ATTEMPT_TAKES) ? PROMPTNESS : []),
  ];
}

/** Seconds: a worker may be busy, and a write has a deadline. */
const ATTEMPT_TAKES = 10;

/** A key that was looked at since it changed need not show in the status, if it is still the same. */
function isDueAtOnce({ do: word, cause }: JwtReport['next']): boolean {
  return (word === 'read' && cause !== undefined) || word === 'sign' || word === 'repair';
}

/** A person who still sees what should be done at once should look whether anybody does it. */
const PROMPTNESS = [
  '  That is done within a second. If you read this again and again, jwt-injector does not run:',
  `  kubectl get pods -n ${APP}`,
];

function describeLint({ warnings, advice }: JwtReport, paint: Paint): readonly string[] {
  if (warnings.length === 0 && advice.length === 0) return [];
  return [
    '',
    paint('bold', 'What to think about'),
    ...warnings.map((message) => `  ${paint('yellow', 'warning:')} ${message}`),
    ...advice.map((message) => `  ${paint('cyan', 'advice:')} ${message}`),
  ];
}

function describeRenewals(
  { nextRenewals, lifetimes }: JwtReport,
  now: number,
  paint: Paint,
): readonly string[] {
  if (lifetimes === undefined) return [];
  const rows = nextRenewals.map(({ at, expiresAt }, index) => {
    const [when, until] = [parseTime(at) ?? now, parseTime(expiresAt) ?? now];
    return [`  ${index + 1}.`, when <= now + 1 ? 'now' : sayWhen(when, now), `expires ${sayTime(until)}`];
  });
  return [
    paint('bold', 'Next renewals'),
    `  ${sayLifetimes(lifetimes)}`,
    ...(rows.length === 0 ? ['  none, as long as it stays like this'] : formatTable(rows)),
  ];
}
