import { toSeconds } from '../../time/units.ts';
import { isDenied, isNotFound, KubeError } from '../../kube/errors.ts';
import { LEASES, readLease, type ReportedLease } from '../../kube/lease.ts';
import { resourcePath } from '../../kube/resource-path.ts';
import { formatDuration } from '../../time/format-time.ts';
import { APP } from '../../resources/names.ts';
import type { Access } from '../cluster/connect.ts';
import { describeRequest } from '../cluster/api-errors.ts';

/** Whether jwt-injector is running, by the Lease of its leader; `runs` is `undefined` when that is not known. */
export interface ServiceState {
  readonly runs: boolean | undefined;
  /** What is known, and the command that shows more. */
  readonly words: string;
}

const WHERE = `kubectl get pods -n ${APP}`;
const LOG = `kubectl logs -n ${APP} deployment/${APP}`;

/** Asks with the caller's rights; most users are not allowed to read that Lease. */
export async function findService(client: Pick<Access['client'], 'get'>): Promise<ServiceState> {
  try {
    const lease = await client.get(resourcePath(LEASES, { namespace: APP, name: APP }));
    return judgeLease(readLease(lease));
  } catch (error) {
    if (isNotFound(error))
      return { runs: false, words: `jwt-injector is not running, and never was: ${WHERE}` };
    if (isDenied(error) && error instanceof KubeError) {
      const words = `it is not known whether jwt-injector is running, because you are not allowed to ${describeRequest(error)}; ask an administrator (${WHERE})`;
      return { runs: undefined, words };
    }
    throw error;
  }
}

function judgeLease({ holder, renewedAt, duration }: ReportedLease): ServiceState {
  const age = renewedAt === undefined ? undefined : toSeconds(Date.now()) - renewedAt;
  if (holder !== '' && age !== undefined && age <= toSeconds(duration)) {
    return {
      runs: true,
      words: `jwt-injector is running, but has not served the request: see its log (${LOG})`,
    };
  }
  const problem =
    age === undefined
      ? 'jwt-injector is not running'
      : `jwt-injector has not been running for ${formatDuration(age)}`;
  return { runs: false, words: `${problem}: ${WHERE}` };
}
