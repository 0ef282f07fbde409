import { hostname } from 'node:os';
import type { Logger } from 'pino';
import type { ControllerConfig } from '../config/read-controller.ts';
import type { KubeClient } from '../kube/client.ts';
import { startEventRecorder } from '../kube/events.ts';
import { createRecorder } from '../loop/create-recorder.ts';
import type { Recorder } from '../loop/recorder.ts';
import { Memory } from '../loop/memory.ts';
import { TokenChecker } from '../loop/token-checker.ts';
import type { SigningPolicy } from '../resources/signing-policy.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { systemClock, type Timer } from '../time/clock.ts';
import { toSeconds } from '../time/units.ts';
import { createLeader } from './create-leader.ts';
import { CurrentTerm } from './current-term.ts';
import { endAll } from './end-all.ts';
import { endController } from './end-controller.ts';
import { startDelivery, type Delivery } from './start-delivery.ts';
import { startTerm } from './start-term.ts';
import { readingOf } from '../cluster-state/token-reading.ts';
import { watchCluster } from '../cluster-state/watch-cluster.ts';

/**
 * A start looks at every JWT before signatures are checked that statuses vouch for. A replica that does not lead, or takes
 * longer to look, checks them after this time.
 */
const CHECKS_WAIT_MS = 30_000;

/** The reconcile half: watching, and working while it leads. */
export interface RunningController {
  /** Lets the running rounds end, gives leadership back, then ends the watches. */
  stop(): Promise<void>;
}

interface ControllerDependencies {
  readonly client: KubeClient;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** The namespace of the Lease. */
  readonly leaseNamespace: string;
  /** The only ones to look at; `undefined` = all. */
  readonly namespaces: readonly string[] | undefined;
  readonly policy: SigningPolicy;
}

/** Watches from the beginning, so that a standby is warm; seeks leadership once all is listed, and works only as leader. */
export function startController(
  config: ControllerConfig,
  { client, log, metrics, leaseNamespace, namespaces, policy }: ControllerDependencies,
): RunningController {
  const cluster = watchCluster(client, log, namespaces);
  const events = startEventRecorder({ client, clock: systemClock, log, instance: hostname() });
  const term = new CurrentTerm();
  const recorder = notifyDelivery(createRecorder({ log, metrics, events }), () => term.work?.delivery);
  const memory = new Memory();
  const checker = new TokenChecker({
    sources: cluster.sources,
    clock: systemClock,
    onChecked: (namespace, name, isValid) => {
      log.debug({ namespace, name, valid: isValid }, 'signature of a token checked');
      if (!isValid) term.work?.controller.secretChanged(namespace, name);
    },
    onBug: (error) => log.error({ err: error }, 'internal error while a token was checked'),
  });

  let checks: Timer | undefined;
  const leader = createLeader(config.lease, {
    client,
    log,
    namespace: leaseNamespace,
    onStarted: () => {
      const isSigningBehind = (): boolean => (term.work?.controller.depth() ?? 0) > 0;
      const delivery = config.promptDelivery
        ? startDelivery({ client, log, metrics, isSigningBehind, namespaces })
        : undefined;
      const controller = startTerm(config, {
        cluster,
        policy,
        memory,
        recorder,
        log,
        isLeader: () => leader.isLeader(),
        isCheckedSoon: (namespace, name) => checker.isWaiting(namespace, name),
        onSettled: () => checker.start(),
      });
      term.begin({ controller, delivery });
    },
    onLost: () => term.end(),
  });

  cluster.subscribe({
    jwtChanged: (before, after) => {
      memory.jwtChanged(before, after);
      term.work?.controller.jwtChanged(before, after);
    },
    secretChanged: (namespace, name) => {
      term.work?.controller.secretChanged(namespace, name);
      checker.secretChanged(namespace, name);
    },
    tokenKept: (namespace, name) => checker.secretChanged(namespace, name),
  });
  metrics.gauges.readController({
    jwts: () => cluster.jwts(),
    readToken: (jwt) => readingOf(jwt, toSeconds(systemClock.now())),
    queueDepth: () => term.work?.controller.depth() ?? 0,
    isLeading: () => term.work !== undefined,
  });
  metrics.gauges.readWatches(() => [...cluster.watches(), ...(term.work?.delivery?.watches() ?? [])]);
  const workOnceListed = async (): Promise<void> => {
    if (!(await cluster.synced)) return;
    checks = systemClock.setTimer(CHECKS_WAIT_MS, () => checker.start());
    leader.start();
  };
  void workOnceListed();
  return {
    stop: () =>
      endController({
        term,
        leader,
        endOthers: async () => {
          checks?.cancel();
          checker.stop();
          await endAll([events.stop(), cluster.stop()]);
        },
      }),
  };
}

/** Whatever is signed is also passed to the current delivery, if there is one. */
function notifyDelivery(recorder: Recorder, delivery: () => Delivery | undefined): Recorder {
  return {
    ...recorder,
    signed: (signature) => {
      recorder.signed(signature);
      delivery()?.renewed(signature.namespace, signature.name);
    },
  };
}
