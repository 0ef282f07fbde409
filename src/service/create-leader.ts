import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import type { LeaseConfig } from '../config/read-controller.ts';
import type { KubeClient } from '../kube/client.ts';
import { Leader, type LeaderOptions } from '../kube/leader.ts';
import { accessLease } from '../kube/lease.ts';
import { systemClock } from '../time/clock.ts';
import { isNotFound, KubeError } from '../kube/errors.ts';
import { LineLimit } from '../telemetry/line-limit.ts';

interface LeaderDependencies extends Pick<LeaderOptions, 'onStarted' | 'onLost'> {
  readonly client: KubeClient;
  readonly log: Logger;
  /** The namespace of the Lease. */
  readonly namespace: string;
}

/**
 * A leader that logs when it begins and ends to lead, and once a minute why it cannot. It does nothing before it is started.
 */
export function createLeader(
  { duration, renewDeadline, retryPeriod }: LeaseConfig,
  { client, log, namespace, onStarted, onLost }: LeaderDependencies,
): Leader {
  const failures = new LineLimit(systemClock); // tries are seconds apart
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
      log.warn({ identity }, 'leadership lost: another replica has the Lease, or it could not be renewed');
      await onLost();
    },
    onProblem: (error) => {
      if (!(error instanceof KubeError)) {
        log.error({ err: error }, 'internal error in leader election, trying again');
        return;
      }
      const tries = failures.count(1, `${error.verb} ${error.reason}`);
      if (tries === undefined) return;
      log.warn(
        { problem: describeLeaseError(error, namespace), tries },
        'leader election failed, trying again',
      );
    },
  });
}

/** Without its namespace no Lease can be created, and any other one that is missing could be. */
function describeLeaseError(error: KubeError, namespace: string): string {
  return error.verb === 'create' && isNotFound(error)
    ? `the namespace ${namespace} of the Lease does not exist: create it, or name another one with --lease-namespace`
    : error.message;
}
