import { toSeconds, type Milliseconds } from '../../time/units.ts';
import { isForbidden, isNotFound } from '../../kube/errors.ts';
import { LEASES } from '../../kube/known-resources.ts';
import { readLease, type ReportedLease } from '../../kube/lease.ts';
import { resourcePath } from '../../kube/resource-path.ts';
import { formatDuration } from '../../time/format-time.ts';
import { APP } from '../../resources/names.ts';
import type { CommandPrinter } from '../cluster/command-printer.ts';
import type { Access } from '../cluster/connect.ts';
import { installedNamespace, readWebhookConfigurations } from './installed-namespace.ts';
import { compareClocks } from '../cluster/compare-clocks.ts';
import { foundValue, tryRead } from '../cluster/read-result.ts';
import { describeRequest } from '../cluster/api-errors.ts';

/** Whether jwt-injector is running, by the Lease of its leader; `runs` is `undefined` when that is not known. */
interface ServiceState {
  readonly runs: boolean | undefined;
  /** The known facts, and the command that shows more. */
  readonly words: string;
}

/** The part of the access that it takes to ask. */
interface ServiceReader extends Pick<Access, 'printer'> {
  readonly client: Pick<Access['client'], 'get' | 'version'>;
}

/**
 * Asks with the caller's rights; most users are not allowed to read that Lease. It is in the namespace that
 * jwt-injector is in, by its webhook configurations; where these do not say, in jwt-injector, unless it is installed
 * elsewhere.
 */
export async function findService({ client, printer }: ServiceReader): Promise<ServiceState> {
  const installed = installedNamespace(await readWebhookConfigurations(client));
  const namespace = installed ?? APP;
  const where = printer.kubectl('get', 'pods', '-n', namespace);
  try {
    const lease = await client.get(resourcePath(LEASES, { namespace, name: APP }));
    const { clockAhead = 0 } = foundValue(await tryRead(() => compareClocks(client))) ?? {};
    return judgeLease(readLease(lease), { namespace, now: Date.now() + clockAhead }, printer);
  } catch (error) {
    if (isNotFound(error))
      return installed === undefined
        ? {
            runs: undefined,
            words: `it is not known in which namespace jwt-injector is, and it never ran in ${APP}: ask an administrator (${where})`,
          }
        : { runs: false, words: `jwt-injector is not running, and never was: ${where}` };
    if (isForbidden(error)) {
      const words = `it is not known whether jwt-injector is running, because you are not allowed to ${describeRequest(error)}; ask an administrator (${where})`;
      return { runs: undefined, words };
    }
    throw error;
  }
}

function judgeLease(
  { holder, renewedAt, duration }: ReportedLease,
  { namespace, now }: { readonly namespace: string; readonly now: Milliseconds },
  { kubectl }: CommandPrinter,
): ServiceState {
  const age = renewedAt === undefined ? undefined : toSeconds(now) - renewedAt;
  if (holder !== '' && age !== undefined && age <= toSeconds(duration)) {
    return {
      runs: true,
      words: `jwt-injector is running, but has not served the request: see the log of its leader (${kubectl('logs', '-n', namespace, podOf(holder))})`,
    };
  }
  const problem =
    age === undefined
      ? 'jwt-injector is not running'
      : `jwt-injector has not been running for ${formatDuration(age)}`;
  return { runs: false, words: `${problem}: ${kubectl('get', 'pods', '-n', namespace)}` };
}

/**
 * The leader names itself by its pod, an underscore and an identifier; other Deployments than that of the webhook may
 * have it.
 */
function podOf(holder: string): string {
  return holder.split('_', 1)[0] ?? holder;
}
