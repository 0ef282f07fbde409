import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import type { LeaseConfig } from '../config/config.ts';
import type { KubeClient } from '../kube/client.ts';
import { Leader, type LeaderOptions } from '../kube/leader.ts';
import { accessLease } from '../kube/lease.ts';
import { systemClock } from '../time/clock.ts';
import { classifyFailure } from '../kube/classify-failure.ts';

/** What the leader shares with the rest of the process, and what its terms begin and end with. */
export interface LeaderDependencies extends Pick<LeaderOptions, 'onStarted' | 'onLost'> {
  readonly client: KubeClient;
  readonly log: Logger;
  /** Of the Lease. */
  readonly namespace: string;
}

/** A leader that logs when it begins and ends to lead. It does nothing before it is started. */
export function createLeader(
  { duration, renewDeadline, retryPeriod }: LeaseConfig,
  { client, log, namespace, onStarted, onLost }: LeaderDependencies,
): Leader {
  const identity = `${hostname()}_${randomUUID()}`;
  return new Leader({
    lease: accessLease({ client, clock: systemClock, log, namespace }),
    clock: systemClock,
    identity,
    duration,
    renewDeadline,
    retryPeriod,
    onStarted: () => {
      log.info({ identity }, 'leading: this replica keeps the tokens fresh');
      onStarted();
    },
    onLost: async () => {
      log.warn({ identity }, 'leadership lost: another replica keeps the tokens fresh');
      await onLost();
    },
    onProblem: (error) => {
      const problem = classifyFailure(error)?.message;
      if (problem === undefined) log.error({ err: error }, 'internal error in leader election, trying again');
      else log.warn({ problem }, 'leader election: no answer, trying again');
    },
  });
}
