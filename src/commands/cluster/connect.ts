import { createClient, type KubeClient } from '../../kube/client.ts';
import { loadCluster, type Cluster, type ClusterOptions } from '../../kube/connection/cluster.ts';
import { KubeError } from '../../kube/errors.ts';
import { systemClock } from '../../time/clock.ts';
import { describeApiError } from './api-errors.ts';
import { commandPrinter, type CommandPrinter } from './command-printer.ts';
import type { ConnectFlags } from './connect-flags.ts';
import type { Io } from '../io.ts';
import { PACKAGE_VERSION } from '../../package-version.ts';
import { EXIT, type ExitCode } from '../command.ts';

/** The cluster with the caller's own rights. */
export interface Access {
  readonly client: Omit<KubeClient, 'close'>;
  /** The namespace of the flag, otherwise that of the context, otherwise `default`. */
  readonly namespace: string;
  /** Commands for the same cluster. */
  readonly printer: CommandPrinter;
}

/** The access of callers that need connections other than those of the client. */
export interface ClusterAccess extends Access {
  readonly cluster: Cluster;
}

/**
 * Runs `action` against the cluster and closes the connections after it. A refusal of the API server that `action` does
 * not handle becomes one line and exit code 3. An exec plugin may ask the person who called, unless `asksPeople` is false.
 */
export async function withCluster(
  flags: ConnectFlags,
  { stderr }: Pick<Io, 'stderr'>,
  action: (access: ClusterAccess) => Promise<ExitCode>,
  { asksPeople = true }: Pick<ClusterOptions, 'asksPeople'> = {},
): Promise<ExitCode> {
  const cluster = loadCluster({
    kubeconfig: flags.kubeconfig,
    context: flags.context,
    heedsProxyVariables: true,
    asksPeople,
  });
  if (!cluster.ok) {
    stderr.write(`error: ${cluster.problem}\n`);
    return EXIT.outside;
  }
  const printer = commandPrinter(flags);
  const client = createClient(cluster.value, { clock: systemClock, version: PACKAGE_VERSION });
  try {
    const namespace = flags.namespace ?? (cluster.value.namespace || 'default');
    return await action({ client, namespace, printer, cluster: cluster.value });
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    stderr.write(`error: ${describeApiError(error, printer)}\n`);
    return EXIT.outside;
  } finally {
    await client.close();
  }
}
