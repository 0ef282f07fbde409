import { objectKey } from '../../resources/object-key.ts';
import { formatDuration, parseTime, formatUtc, formatMinute } from '../../time/format-time.ts';
import type { Seconds } from '../../time/units.ts';
import { PENDING } from '../cluster/ready-state.ts';
import { MAX_MESSAGE_LENGTH } from '../output/message-length.ts';
import { formatTable } from '../output/table.ts';
import type { Paint, Style } from '../output/report-output.ts';
import type { HeldFile } from './held-token.ts';
import type { JwtStatus, PodStatus, StatusReport } from './status-report.ts';

const HEADER = ['JWT', 'READY', 'REASON', 'EXPIRES', 'NEXT RENEWAL'];
/** The pods shown of each JWT; `-o json` has all. */
const MAX_SHOWN_PODS = 10;

/** A table of the JWTs; below each what is wrong with it, and the pods that mount it. `now` in seconds since the epoch. */
export function describeStatus(
  { jwts, notes, namespace, othersForbidden }: StatusReport,
  now: Seconds,
  paint: Paint,
): readonly string[] {
  const rows = [HEADER, ...jwts.map((jwt) => describeRow(jwt, now, paint))];
  const [header = '', ...table] = formatTable(rows);
  return [
    ...(jwts.length === 0 ? [describeNone(namespace, othersForbidden)] : [paint('bold', header)]),
    ...table.flatMap((line, index) => [line].concat(describeDetails(jwts[index], paint))),
    ...notes.map((note) => paint('yellow', `note: ${note}`)),
  ];
}

/** A mistyped namespace looks like an empty one. */
function describeNone(namespace: string | undefined, othersForbidden: true | undefined): string {
  if (namespace === undefined) return 'no JWT is found in any namespace';
  const all = othersForbidden === true ? '' : ', or all with -A';
  return `no JWT is found in namespace ${namespace}: choose another with -n${all}`;
}

function describeRow(jwt: JwtStatus, now: Seconds, paint: Paint): readonly string[] {
  const { ready, reason, expiresAt, renewsAt } = jwt;
  const style = styleOfExpiry(jwt, now);
  return [
    objectKey(jwt),
    paint(ready === 'True' ? 'green' : ready === PENDING ? 'yellow' : 'red', ready),
    reason,
    expiresAt === undefined ? 'no token' : paint(style, describeExpiry(jwt)),
    describeNextRenewal(parseTime(renewsAt), now),
  ];
}

/** Green while nothing is due, yellow from the planned renewal on, red when it has expired. */
function styleOfExpiry({ remainingSeconds = 0, renewsAt }: JwtStatus, now: Seconds): Style {
  if (remainingSeconds <= 0) return 'red';
  const due = parseTime(renewsAt);
  return due !== undefined && due < now ? 'yellow' : 'green';
}

const BAR_WIDTH = 10;

function describeExpiry({ remainingSeconds = 0, remainingPercent }: JwtStatus): string {
  const when =
    remainingSeconds > 0
      ? `in ${formatDuration(remainingSeconds)}`
      : `${formatDuration(Math.abs(remainingSeconds))} ago`;
  return remainingPercent === undefined ? when : `${drawBar(remainingPercent)} ${when}`;
}

/**
 * Draws the rest of a token's life. Empty only when nothing is left.
 *
 * @internal
 */
export function drawBar(percent: number): string {
  const full = Math.ceil((percent / 100) * BAR_WIDTH);
  return '█'.repeat(full) + '░'.repeat(BAR_WIDTH - full);
}

function describeNextRenewal(due: Seconds | undefined, now: Seconds): string {
  if (due === undefined) return 'none planned';
  return due > now ? `in ${formatDuration(due - now)}` : `due for ${formatDuration(now - due)}`;
}

function describeDetails(jwt: JwtStatus | undefined, paint: Paint): readonly string[] {
  if (jwt === undefined) return [];
  const { ready, message, pods } = jwt;
  const why =
    ready === 'True' ? [] : [paint(ready === PENDING ? 'yellow' : 'red', `  ${shortenMessage(message)}`)];
  return [...why, ...(pods === undefined ? [] : describePods(pods, paint))];
}

function shortenMessage(message: string): string {
  return message.length > MAX_MESSAGE_LENGTH ? `${message.slice(0, MAX_MESSAGE_LENGTH)}…` : message;
}

function describePods(pods: readonly PodStatus[], paint: Paint): readonly string[] {
  if (pods.length === 0) return [paint('gray', '  no pod mounts it')];
  const shown = pods.slice(0, MAX_SHOWN_PODS);
  const rows = shown.map((pod) => [`  pod ${pod.name}`, describePod(pod, paint)]);
  const more = pods.slice(MAX_SHOWN_PODS);
  return [
    ...formatTable(rows),
    ...(more.length === 0 ? [] : [`  and ${more.length} more: ${countPods(more)}`]),
  ];
}

const DELIVERY_STYLES: Readonly<Record<PodStatus['delivery'], Style>> = {
  delivered: 'green',
  due: 'yellow',
  starting: 'gray',
  neverRefreshed: 'red',
  waiting: 'gray',
};

function describePod(pod: PodStatus, paint: Paint): string {
  const isFixedAlone = pod.delivery === 'neverRefreshed';
  const state = isFixedAlone ? [] : [paint(DELIVERY_STYLES[pod.delivery], describeDelivery(pod))];
  return [
    ...state,
    ...pod.neverRefreshed.map((mount) => describeFixed(mount, paint)),
    ...(pod.files ?? []).map((file) => describeHeld(file, paint)),
  ].join('; ');
}

const HELD: Readonly<Record<Exclude<HeldFile['token'], 'unread'>, readonly [Style, string]>> = {
  present: ['green', 'the current token'],
  newer: ['green', 'a token that was signed meanwhile'],
  older: ['yellow', 'an older token'],
  'not known': ['yellow', 'no token that can be compared'],
};

function describeHeld({ container, token, problem = '' }: HeldFile, paint: Paint): string {
  if (token === 'unread') return paint('yellow', `not read in container ${container}: ${problem}`);
  const [style, words] = HELD[token];
  return paint(style, `read in container ${container}: ${words}`);
}

const REMEDIES: Readonly<Record<PodStatus['neverRefreshed'][number]['token'], string>> = {
  present: 'it has the current token, but will not get the next one',
  older: 'it has an older token: re-create the pod, and mount the directory instead',
  'not known': 'which token it has is not known',
};

function describeFixed({ container, token }: PodStatus['neverRefreshed'][number], paint: Paint): string {
  return paint('red', `never refreshed in container ${container} (subPath): ${REMEDIES[token]}`);
}

function describeDelivery({ delivery, dueBy }: Pick<PodStatus, 'delivery' | 'dueBy'>): string {
  const due = parseTime(dueBy);
  switch (delivery) {
    case 'delivered':
      return 'delivered';
    case 'due':
      return due === undefined ? 'due' : `due by ${formatMinute(due)}`;
    case 'starting':
      return 'starting: it gets the current token';
    case 'neverRefreshed':
      return 'never refreshed';
    case 'waiting':
      return 'waiting: there is no token yet';
    default:
      return delivery satisfies never;
  }
}

/** `2 delivered, 1 due by 12:37 UTC`. */
function countPods(pods: readonly PodStatus[]): string {
  const counts = new Map<string, number>();
  for (const pod of pods) {
    const word =
      pod.delivery === 'starting' || pod.delivery === 'waiting' ? pod.delivery : describeDelivery(pod);
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts].map(([word, count]) => `${count} ${word}`).join(', ');
}

/** A JWT in one line without what changes by the second: when it differs from the last one, something has happened. */
export function describeInLine({ ready, reason, expiresAt, renewsAt, pods, ...jwt }: JwtStatus): string {
  const [expiry, due] = [parseTime(expiresAt), parseTime(renewsAt)];
  const isExpired = jwt.remainingSeconds !== undefined && jwt.remainingSeconds <= 0;
  const facts = [
    ready === 'True'
      ? `Ready (${reason})`
      : ready === PENDING
        ? shortenMessage(jwt.message)
        : `not Ready (${reason})`,
    ...(expiry === undefined ? [] : [`${isExpired ? 'expired' : 'expires'} ${formatUtc(expiry)}`]),
    ...(due === undefined ? [] : [`next renewal ${formatUtc(due)}`]),
    ...(pods === undefined || pods.length === 0 ? [] : [`pods: ${countPods(pods)}`]),
  ];
  return `${objectKey(jwt)}: ${facts.join('; ')}`;
}
