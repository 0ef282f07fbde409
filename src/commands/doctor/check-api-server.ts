import { readLease } from '../../kube/lease.ts';
import { formatDuration } from '../../time/format-time.ts';
import { toSeconds, type Seconds } from '../../time/units.ts';
import { judge, problem, unknown, well, type Judgement } from '../installation/finding.ts';
import { lookAtPods, readLogs } from '../installation/remedies.ts';
import type { InstallationSnapshot } from './installation-snapshot.ts';

/** The first with matchConditions by default, without which every pod would be sent to the webhook. */
const OLDEST_MINOR = 30;

/** Whether it is new enough. */
export function checkServer({ server: { version } }: InstallationSnapshot): readonly Judgement[] {
  const [, major, minor] = /^v(\d+)\.(\d+)/.exec(version) ?? [];
  if (major === undefined || minor === undefined) return [unknown('the API server does not say its version')];
  return Number(major) === 1 && Number(minor) < OLDEST_MINOR
    ? [problem(`Kubernetes ${version} is too old for jwt-injector`, `upgrade to 1.${OLDEST_MINOR} or later`)]
    : [well(`Kubernetes ${version}`)];
}

/** Tokens begin 60 s before they are signed, for clocks that are behind: half of that is left for verifiers. */
const MAX_DIFFERENCE: Seconds = 30;

/** The clock of the API server compared with that of this machine: no others can be read. */
export function checkClock({ server: { clockAhead } }: InstallationSnapshot): readonly Judgement[] {
  if (clockAhead === undefined) return [unknown('the API server does not say its time')];
  const seconds = toSeconds(Math.abs(clockAhead));
  const difference = formatDuration(seconds);
  if (seconds <= MAX_DIFFERENCE)
    return [well(`the clocks of this machine and of the API server differ by ${difference}`)];
  return [
    problem(
      `the clock of the API server is ${difference} ${clockAhead > 0 ? 'ahead of' : 'behind'} that of this machine: with such a clock tokens are refused as expired or not valid yet`,
      'compare both with a time server (timedatectl, chronyc tracking), and correct the wrong one',
    ),
  ];
}

/** A little is usual: the clocks of nodes differ. */
const MAX_AHEAD: Seconds = 30;

/** Whether some replica keeps tokens fresh. */
export function checkLease(snapshot: InstallationSnapshot): readonly Judgement[] {
  const { lease, namespace, now, server } = snapshot;
  const absent = problem(
    `there is no Lease ${namespace}/jwt-injector: no replica has ever kept tokens fresh`,
    lookAtPods(snapshot),
  );
  return judge(lease, absent, (object) => {
    const { holder, renewedAt, duration } = readLease(object);
    if (holder === '' || renewedAt === undefined)
      return [problem('nobody holds the Lease: no token is renewed', lookAtPods(snapshot))];
    const age = toSeconds(now + (server.clockAhead ?? 0)) - renewedAt;
    const ahead = 0 - age;
    if (ahead > MAX_AHEAD)
      return [
        problem(
          `the Lease was renewed ${formatDuration(ahead)} in the future: the clock of its holder ${holder} is ahead`,
          'correct the clock of its node',
        ),
      ];
    if (age > toSeconds(duration))
      return [
        problem(
          `the Lease of ${holder} was renewed ${formatDuration(age)} ago, which is too long: no token is renewed`,
          readLogs(snapshot),
        ),
      ];
    return [well(`${holder} holds the Lease, and renewed it ${formatDuration(Math.max(0, age))} ago`)];
  });
}
