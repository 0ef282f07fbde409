import type { Logger } from 'pino';
import { MountingPods } from '../delivery/mounting-pods.ts';
import { readMountedSecrets } from '../delivery/mounted-secrets.ts';
import type { KubeClient } from '../kube/client.ts';
import { startListWatch } from '../kube/watch/list-watch.ts';
import { PODS } from '../kube/known-resources.ts';
import { LIVE_PODS, nudgePod } from '../kube/pods.ts';
import { resourcePath } from '../kube/resource-path.ts';
import { NudgeQueue } from '../loop/nudge-queue.ts';
import { recordNudges } from '../loop/record-nudges.ts';
import { APP } from '../resources/names.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { WatchReading } from '../telemetry/state-gauges.ts';
import { systemClock } from '../time/clock.ts';
import { endAll } from './end-all.ts';
import { classifyFailure } from '../kube/classify-failure.ts';

/** Has kubelets look at the pods of Secrets that were renewed, as long as this replica leads. */
export interface Delivery {
  /** A new token is in the Secret of this name. Returns at once. */
  renewed(namespace: string, secret: string): void;
  watches(): Iterable<WatchReading>;
  /** Drops what waits. */
  stop(): Promise<void>;
}

interface DeliveryDependencies {
  readonly client: KubeClient;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Whether signing has more to do than it can at once. */
  readonly isSigningBehind: () => boolean;
  /** The only ones to look at; `undefined` = all. */
  readonly namespaces: readonly string[] | undefined;
}

/**
 * Watches pods, and nudges those whose Secret is renewed. The watch is what costs the least: to list a namespace for each
 * renewal takes its pods times its renewals, and a label that would make it less nobody sets on pods.
 */
export function startDelivery({
  client,
  log,
  metrics,
  isSigningBehind,
  namespaces,
}: DeliveryDependencies): Delivery {
  const pods = new MountingPods();
  const watches = (namespaces ?? [undefined]).map((namespace) =>
    startListWatch({
      client,
      clock: systemClock,
      log,
      path: resourcePath(PODS, namespace === undefined ? {} : { namespace }),
      query: LIVE_PODS,
      store: pods,
      transform: (pod) => {
        const secrets = readMountedSecrets(pod);
        return secrets.length === 0 ? undefined : secrets;
      },
    }),
  );
  const queue = new NudgeQueue({
    clock: systemClock,
    podsOf: (namespace, secret) => pods.of(namespace, secret),
    nudge: (pod, signal) => nudgePod(client, pod, { now: systemClock.now(), fieldManager: APP, signal }),
    isSigningBehind,
    classify: classifyFailure,
    onResult: recordNudges({ clock: systemClock, log, metrics }),
  });
  const startOnceListed = async (): Promise<void> => {
    // A namespace that cannot be listed is not waited for.
    await Promise.all(watches.map(({ synced, failed }) => Promise.race([synced, failed])));
    queue.start();
  };
  const logOnceListed = async (): Promise<void> => {
    const isListed = await Promise.all(watches.map(({ synced }) => synced));
    if (isListed.every(Boolean)) log.info({ mounts: pods.size }, 'every pod was looked at');
  };
  void startOnceListed();
  void logOnceListed();
  return {
    renewed: (namespace, secret) => queue.renewed(namespace, secret),
    watches: () => watches.map((watch) => ({ resource: 'pods', lastEventAt: watch.lastEventAt() })),
    stop: async () => {
      await endAll([queue.stop(), ...watches.map((watch) => watch.stop())]);
    },
  };
}
