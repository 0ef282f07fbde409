import type { Logger } from 'pino';
import type { ControllerConfig } from '../config/read-controller.ts';
import { Turns } from '../time/turns.ts';
import { createController, type Controller } from '../loop/controller.ts';
import { KeyCache } from '../loop/key-cache.ts';
import { PublicKeys } from '../loop/public-keys.ts';
import { leaderOnlyStore } from '../loop/guarded-store.ts';
import type { Memory } from '../loop/memory.ts';
import type { Observer } from '../loop/observe.ts';
import type { Recorder } from '../loop/recorder.ts';
import type { SigningPolicy } from '../resources/signing-policy.ts';
import { systemClock } from '../time/clock.ts';
import type { WatchedCluster } from '../cluster-state/watch-cluster.ts';
import { classifyFailure } from '../kube/classify-failure.ts';

interface TermDependencies {
  readonly cluster: WatchedCluster;
  readonly policy: SigningPolicy;
  /** Outlasts the controller. */
  readonly memory: Memory;
  readonly recorder: Recorder;
  readonly log: Logger;
  /** Asked before each write. */
  readonly isLeader: () => boolean;
  readonly isCheckedSoon: NonNullable<Observer['isCheckedSoon']>;
  /** Called when every JWT had a round. */
  readonly onSettled: () => void;
}

/** One term of leadership: begins with a look at every JWT. */
export function startTerm(
  { workers, legacyKeyNamespace }: ControllerConfig,
  { cluster, policy, memory, recorder, log, isLeader, isCheckedSoon, onSettled }: TermDependencies,
): Controller {
  const controller = createController({
    clock: systemClock,
    workers,
    onBug: (jwtKey, error) => log.error({ jwt: jwtKey, err: error }, 'internal error in a reconcile round'),
    reconciler: {
      observer: {
        sources: cluster.sources,
        keyCache: new KeyCache(),
        publicKeys: new PublicKeys(),
        legacyKeyNamespace,
        policy,
        isCheckedSoon,
      },
      store: leaderOnlyStore(cluster.store, isLeader),
      recorder,
      memory,
      classify: classifyFailure,
    },
  });
  const reconcileAll = async (): Promise<void> => {
    const turns = new Turns(systemClock);
    let jwts = 0;
    for (const jwt of cluster.jwts()) {
      if (!controller.addAtStart(jwt)) return;
      jwts += 1;
      if (turns.isDue()) await turns.next();
    }
    controller.start();
    if (!(await controller.settle())) return;
    log.info({ jwts }, 'every JWT was looked at');
    onSettled();
  };
  void reconcileAll();
  return controller;
}
