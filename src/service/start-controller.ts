import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import type { ControllerConfig } from '../config.ts';
import type { KubeClient } from '../kube/client.ts';
import { startEventRecorder } from '../kube/events.ts';
import { accessLease } from '../kube/lease.ts';
import { explainFailure } from '../kube/token-store.ts';
import { systemClock } from '../time/clock.ts';
import { createController, type Controller } from '../loop/controller.ts';
import { leaderOnlyStore } from '../loop/leader-only-store.ts';
import { KeyCache } from '../loop/key-cache.ts';
import { Leader } from '../kube/leader.ts';
import { Memory } from '../loop/memory.ts';
import { TokenChecker } from '../loop/token-checker.ts';
import { createRecorder } from '../loop/create-recorder.ts';
import type { Jwt } from '../resources/jwt.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { watchCluster } from './watch-cluster.ts';

/** The reconcile half: watching, and working while it leads. */
export interface RunningController {
  /** All that are known, for the gauges of a scrape. */
  jwts(): Iterable<Jwt>;
  queueDepth(): number;
  watches(): Iterable<{ readonly resource: string; readonly lastEventAt: number | undefined }>;
  /** Lets the running rounds end, gives leadership back, then ends the watches. */
  stop(): Promise<void>;
}

/** What the reconcile half shares with the rest of the process. */
export interface ControllerMeans {
  readonly client: KubeClient;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Of the Lease. */
  readonly leaseNamespace: string;
  /** The only ones to look at; `undefined` = all. */
  readonly namespaces: readonly string[] | undefined;
}

/** Watches from the beginning, so that a standby is warm; seeks leadership once all is listed, and works only as leader. */
export function startController(
  config: ControllerConfig,
  { client, log, metrics, leaseNamespace, namespaces }: ControllerMeans,
): RunningController {
  const identity = `${hostname()}_${randomUUID()}`;
  const common = { client, clock: systemClock, log };
  const cluster = watchCluster(client, log, namespaces);
  const events = startEventRecorder({ ...common, instance: hostname() });
  const memory = new Memory();
  let controller: Controller | undefined;

  const leader = new Leader({
    lease: accessLease({ ...common, namespace: leaseNamespace }),
    clock: systemClock,
    identity,
    duration: config.lease.duration,
    renewDeadline: config.lease.renewDeadline,
    retryPeriod: config.lease.retryPeriod,
    onStarted: () => {
      metrics.leader.set(1);
      log.info({ identity }, 'leading: this replica keeps the tokens fresh');
      controller = beginTerm();
    },
    onLost: async () => {
      metrics.leader.set(0);
      log.warn({ identity }, 'leadership lost: another replica keeps the tokens fresh');
      const ended = controller;
      controller = undefined;
      await ended?.stop();
    },
    onProblem: (error) => {
      const problem = explainFailure(error)?.message;
      if (problem === undefined) log.error({ err: error }, 'internal error in leader election, trying again');
      else log.warn({ problem }, 'leader election: no answer, trying again');
    },
  });
  const beginTerm = (): Controller => {
    const term = createController({
      clock: systemClock,
      workers: config.workers,
      onBug: (key, error) => log.error({ jwt: key, err: error }, 'internal error in a reconcile round'),
      reconciler: {
        observer: {
          sources: cluster.sources,
          keyCache: new KeyCache(),
          legacyKeyNamespace: config.legacyKeyNamespace,
        },
        store: leaderOnlyStore(cluster.store, () => leader.isLeader()),
        recorder: createRecorder({ log, metrics, events }),
        memory,
        explain: explainFailure,
      },
    });
    let jwts = 0;
    for (const jwt of cluster.jwts()) {
      term.jwtChanged(undefined, jwt);
      jwts += 1;
    }
    term.start();
    void tellWhenSettled(term, jwts);
    return term;
  };
  const tellWhenSettled = async (term: Controller, jwts: number): Promise<void> => {
    if (await term.settle()) log.info({ jwts }, 'every JWT was looked at');
  };
  const checker = new TokenChecker({
    sources: cluster.sources,
    clock: systemClock,
    onBug: (error) => log.error({ err: error }, 'internal error while a token was checked'),
  });
  cluster.subscribe({
    jwtChanged: (before, after) => {
      memory.jwtChanged(before, after);
      controller?.jwtChanged(before, after);
    },
    secretChanged: (namespace, name) => {
      controller?.secretChanged(namespace, name);
      checker.secretChanged(namespace, name);
    },
  });
  const seekLeadership = async (): Promise<void> => {
    if (!(await cluster.synced)) return;
    checker.start();
    leader.start();
  };
  void seekLeadership();
  return {
    jwts: () => cluster.jwts(),
    queueDepth: () => controller?.depth() ?? 0,
    watches: () => cluster.watches(),
    stop: async () => {
      await controller?.stop();
      await leader.stop();
      checker.stop();
      metrics.leader.set(0);
      await Promise.all([events.stop(), cluster.stop()]);
    },
  };
}
