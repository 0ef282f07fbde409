import { createCaches } from '../../../src/cluster-state/caches.ts';
import { createRememberingStore, type RememberingStore } from '../../../src/cluster-state/remember-writes.ts';
import { createSources, forwardChanges } from '../../../src/cluster-state/watch-cluster.ts';
import type { Clock } from '../../../src/time/clock.ts';
import { createController, type Controller } from '../../../src/loop/controller.ts';
import { leaderOnlyStore } from '../../../src/loop/guarded-store.ts';
import type { Recorder } from '../../../src/loop/recorder.ts';
import { KeyCache } from '../../../src/loop/key-cache.ts';
import { PublicKeys } from '../../../src/loop/public-keys.ts';
import { Memory } from '../../../src/loop/memory.ts';
import type { Sources } from '../../../src/loop/observe.ts';
import { TokenChecker } from '../../../src/loop/token-checker.ts';
import { objectMember, type JsonObject } from '../../../src/resources/json.ts';
import { parseObjectKey } from '../../../src/resources/object-key.ts';
import { MANAGED_LABEL } from '../../../src/resources/names.ts';
import type { Change, ModelCluster, ModelJwt } from './model-cluster.ts';
import type { Link } from './link.ts';
import type { ModelSecret } from './secret.ts';
import { ModelWatch } from './watch.ts';
import type { SuspendableClock } from '../../time/suspendable-clock.ts';
import { classifyFailure } from '../../../src/kube/classify-failure.ts';

export interface ReplicaOptions {
  readonly cluster: ModelCluster;
  readonly clock: Clock;
  /** Clock of this process. */
  readonly process: SuspendableClock;
  readonly link: Link;
  readonly recorder: Recorder;
  readonly lagMs: () => number;
  readonly isUp: () => boolean;
  readonly mayWrite: () => boolean;
  /** A round reads the JWT. */
  readonly onLook: (key: string) => void;
  /** The caches received `count` objects that others wrote. */
  readonly onNews: (count: number) => void;
  /** All lists are complete: the process can become leader. */
  readonly onSynced: () => void;
  /** Rounds begin. */
  readonly onTerm: () => void;
  readonly onBug: (error: unknown) => void;
}

/**
 * One process of the service: real caches, leader-only store and controller, connected as in `watchCluster`
 * and `startController`, with the model's watches and calls.
 */
export class Replica {
  readonly link: Link;
  readonly #options: ReplicaOptions;
  readonly #caches = createCaches();
  readonly #store: RememberingStore;
  readonly #sources: Sources;
  readonly #watches: readonly Pick<ModelWatch<unknown>, Seen>[];
  readonly #checker: TokenChecker;
  readonly #memory = new Memory();
  #controller: Controller | undefined;
  #ended: Promise<void> | undefined;

  constructor(options: ReplicaOptions) {
    this.#options = options;
    this.link = options.link;
    const { cluster, clock, process, lagMs, isUp, onNews } = options;
    this.#store = createRememberingStore(this.link.client, this.#caches);
    this.#sources = createSources(this.#caches, this.#store, ALL_LISTED, ({ namespace, name }) =>
      this.#checker.secretChanged(namespace, name),
    );
    const onSynced = (): void => {
      if (!this.isSynced) return;
      this.#checker.start();
      options.onSynced();
    };
    const common = { clock, process, lagMs, isUp, onNews, onSynced };
    this.#checker = new TokenChecker({
      clock: process,
      onChecked: (namespace, name, isValid) => {
        if (!isValid) this.#controller?.secretChanged(namespace, name);
      },
      onBug: options.onBug,
      sources: this.#sources,
    });
    const { jwts: jwtCache, labelled, unlabelled } = this.#caches;
    const jwts = (): Listing => ({ objects: cluster.jwts.values(), revision: cluster.revision });
    const secrets = (): Listing => ({ objects: cluster.secrets.values(), revision: cluster.revision });
    this.#watches = [
      new ModelWatch({
        ...common,
        cache: jwtCache.cache,
        transform: jwtCache.parse,
        selects: isJwt,
        list: jwts,
      }),
      new ModelWatch({
        ...common,
        cache: labelled.cache,
        transform: (object) => labelled.parse(object),
        selects: (object) => isSecret(object) && isManaged(object),
        list: secrets,
      }),
      new ModelWatch({
        ...common,
        cache: unlabelled.cache,
        transform: (object) => unlabelled.parse(metadataAlone(object)),
        selects: (object) => isSecret(object) && !isManaged(object),
        list: secrets,
      }),
    ];
    this.#subscribe();
  }

  /** The present controller, `undefined` if this process does not lead. */
  get term(): unknown {
    return this.#controller;
  }

  get isSynced(): boolean {
    return this.#watches.every(({ isSynced }) => isSynced);
  }

  /** Whether all news has arrived at this process. */
  get isCurrent(): boolean {
    return this.#watches.every(({ pending }) => pending === 0);
  }

  /** The Secrets whose token's text, or parts, this process still keeps although nothing will check it soon. */
  get keptTexts(): readonly string[] {
    const { labelled } = this.#caches;
    return [...labelled.cache.keys()].filter((key) => {
      const { namespace, name } = parseObjectKey(key);
      const isKept = labelled.ofJwt(key)?.evidence?.unchecked !== undefined;
      return isKept && !this.#checker.isWaiting(namespace, name);
    });
  }

  see(change: Change, isOwn: boolean): void {
    for (const watch of this.#watches) watch.see(change, isOwn);
  }

  relist(): void {
    for (const watch of this.#watches) watch.relist();
  }

  resume(): void {
    for (const watch of this.#watches) watch.resume();
  }

  staleSince(roundMs: number): number {
    return Math.min(...this.#watches.map((watch) => watch.staleSince(roundMs)));
  }

  /** Begins when the rounds of the earlier term have ended, if it still leads then, as a `Leader` does. */
  async beginTerm(): Promise<void> {
    const { process, recorder, link, mayWrite, onBug, onLook } = this.#options;
    await this.#ended;
    const isAble = link.isAlive && !process.isPaused() && mayWrite();
    if (this.#controller !== undefined || !isAble) return;
    const sources: Sources = {
      ...this.#sources,
      tokenSecret: (namespace, name) => {
        onLook(`${namespace}/${name}`);
        return this.#sources.tokenSecret(namespace, name);
      },
    };
    // Writes end with their term, as a `Leader` has it: it leads again only after the rounds of the earlier term have ended.
    const maySend = (): boolean => mayWrite() && this.#controller === controller;
    const controller: Controller = createController({
      clock: process,
      workers: 32,
      onBug: (_key, error) => onBug(error),
      reconciler: {
        observer: {
          sources,
          keyCache: new KeyCache(),
          publicKeys: new PublicKeys(),
          legacyKeyNamespace: undefined,
          isCheckedSoon: (namespace, name) => this.#checker.isWaiting(namespace, name),
        },
        store: leaderOnlyStore(this.#store, maySend),
        recorder,
        memory: this.#memory,
        classify: classifyFailure,
      },
    });
    this.#controller = controller;
    this.#options.onTerm();
    for (const jwt of this.#caches.jwts.cache.values()) controller.addAtStart(jwt);
    controller.start();
  }

  /** Ends after the running rounds, without waiting for them. Does nothing for a term that is over. */
  endTerm(term: unknown = this.#controller): void {
    if (this.#controller === undefined || term !== this.#controller) return;
    this.#ended = this.#controller.stop();
    this.#controller = undefined;
  }

  /** Resolves when the rounds of all ended terms have ended. */
  get ended(): Promise<void> {
    return this.#ended ?? Promise.resolve();
  }

  get process(): SuspendableClock {
    return this.#options.process;
  }

  /** Ends the process at once, with its caches. */
  kill(): void {
    this.link.cut();
    this.endTerm();
    this.#checker.stop();
    for (const watch of this.#watches) watch.stop();
  }

  #subscribe(): void {
    forwardChanges(this.#caches, ALL_LISTED, {
      jwtChanged: (before, after) => {
        this.#memory.jwtChanged(before, after);
        this.#controller?.jwtChanged(before, after);
      },
      secretChanged: (namespace, name) => {
        this.#controller?.secretChanged(namespace, name);
        this.#checker.secretChanged(namespace, name);
      },
      tokenKept: (namespace, name) => this.#checker.secretChanged(namespace, name),
    });
  }
}

/** The service watches all namespaces. */
const ALL_LISTED = { isListed: () => true };

type Seen = 'see' | 'relist' | 'resume' | 'stop' | 'staleSince' | 'pending' | 'isSynced';

interface Listing {
  readonly objects: Iterable<ModelJwt | ModelSecret>;
  readonly revision: number;
}

function isSecret(object: ModelJwt | ModelSecret): object is ModelSecret {
  return 'fields' in object;
}

function isJwt(object: ModelJwt | ModelSecret): boolean {
  return !isSecret(object);
}

function isManaged({ fields }: ModelSecret): boolean {
  return fields.get(`labels/${MANAGED_LABEL}`)?.value === 'true';
}

/** The object as a metadata-only watch reports it. */
function metadataAlone(object: JsonObject): JsonObject {
  return { metadata: objectMember(object, 'metadata') };
}
