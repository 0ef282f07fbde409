import { digestLongClaims, packClaims } from '../../../src/cluster-state/packed-claims.ts';
import { Cache } from '../../../src/kube/cache.ts';
import { createTokenStore } from '../../../src/kube/token-store.ts';
import type { Clock } from '../../../src/time/clock.ts';
import { createController, type Controller } from '../../../src/loop/controller.ts';
import { leaderOnlyStore } from '../../../src/loop/guarded-store.ts';
import type { Recorder } from '../../../src/loop/recorder.ts';
import { KeyCache } from '../../../src/loop/key-cache.ts';
import { Memory } from '../../../src/loop/memory.ts';
import { parseTokenSecret, type TokenSecret, type Sources } from '../../../src/loop/observe.ts';
import { TokenChecker } from '../../../src/loop/token-checker.ts';
import { objectMember, type JsonObject } from '../../../src/resources/json.ts';
import { parseJwt, type Jwt } from '../../../src/resources/jwt.ts';
import { MANAGED_LABEL } from '../../../src/resources/names.ts';
import { parseSecretMetadata, type SecretMetadata } from '../../../src/resources/secret.ts';
import type { Change, ModelCluster, ModelJwt } from './model-cluster.ts';
import type { Link } from './link.ts';
import type { ModelSecret } from './secret.ts';
import { ModelWatch } from './watch.ts';
import type { SuspendableClock } from '../../time/suspendable-clock.ts';
import { classifyFailure } from '../../../src/kube/classify-failure.ts';
import { identify } from '../../../src/kube/object-identity.ts';

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
  readonly #jwts = new Cache<Jwt>();
  readonly #managed = new Cache<TokenSecret>();
  readonly #unlabelled = new Cache<SecretMetadata>();
  readonly #watches: readonly Pick<ModelWatch<unknown>, Seen>[];
  readonly #checker: TokenChecker;
  readonly #memory = new Memory();
  #controller: Controller | undefined;
  #ended: Promise<void> | undefined;
  /** As in `watchCluster`: the round that writes a Secret does not need its event. */

  constructor(options: ReplicaOptions) {
    this.#options = options;
    this.link = options.link;
    const { cluster, clock, process, lagMs, isUp, onNews } = options;
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
      sources: {
        jwt: (namespace, name) => this.#jwts.get(`${namespace}/${name}`),
        tokenSecret: (namespace, name) => this.#managed.get(`${namespace}/${name}`),
      },
    });
    const jwts = (): Listing => ({ objects: cluster.jwts.values(), revision: cluster.revision });
    const secrets = (): Listing => ({ objects: cluster.secrets.values(), revision: cluster.revision });
    this.#watches = [
      new ModelWatch({ ...common, cache: this.#jwts, transform: keepJwt, selects: isJwt, list: jwts }),
      new ModelWatch({
        ...common,
        cache: this.#managed,
        transform: (object) => parseTokenSecret(object, undefined, this.#jwts.get(identify(object).key)),
        selects: (object) => isSecret(object) && isManaged(object),
        list: secrets,
      }),
      new ModelWatch({
        ...common,
        cache: this.#unlabelled,
        transform: readMetadata,
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
    const store = createTokenStore({
      client: link.client,
      onSecret: (secret, signedBy) => remember(this.#managed, secret, parseTokenSecret(secret, signedBy)),
      onJwt: (jwt) => remember(this.#jwts, jwt, keepJwt(jwt)),
    });
    const sources: Sources = {
      isListed: () => true,
      jwt: (namespace, name) => this.#jwts.get(`${namespace}/${name}`),
      tokenSecret: (namespace, name) => {
        onLook(`${namespace}/${name}`);
        return this.#managed.get(`${namespace}/${name}`);
      },
      secretMetadata: (namespace, name) => this.#unlabelled.get(`${namespace}/${name}`),
      readSecret: store.readSecret,
      readJwt: async (namespace, name) => {
        const object = await store.readJwt(namespace, name);
        return object === undefined ? undefined : parseJwtObject(object);
      },
    };
    const controller = createController({
      clock: process,
      workers: 32,
      onBug: (_key, error) => onBug(error),
      reconciler: {
        observer: {
          sources,
          keyCache: new KeyCache(),
          legacyKeyNamespace: undefined,
          isCheckedSoon: (namespace, name) => this.#checker.isWaiting(namespace, name),
        },
        store: leaderOnlyStore(store, mayWrite),
        recorder,
        memory: this.#memory,
        classify: classifyFailure,
      },
    });
    this.#controller = controller;
    this.#options.onTerm();
    for (const jwt of this.#jwts.values()) controller.addAtStart(jwt);
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
    const reportSecret = (secret: SecretMetadata | undefined): void => {
      if (secret === undefined) return;
      this.#controller?.secretChanged(secret.namespace, secret.name);
      this.#checker.secretChanged(secret.namespace, secret.name);
    };
    this.#jwts.subscribe((change) => {
      const before = change.type === 'added' ? undefined : change.old;
      const after = change.type === 'deleted' ? undefined : change.value;
      this.#memory.jwtChanged(before, after);
      this.#controller?.jwtChanged(before, after);
    });
    this.#managed.subscribe((change) => {
      if (change.origin !== 'write')
        reportSecret((change.type === 'deleted' ? change.old : change.value).metadata);
    });
    this.#unlabelled.subscribe((change) =>
      reportSecret(change.type === 'deleted' ? change.old : change.value),
    );
  }
}

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
function readMetadata(object: JsonObject): SecretMetadata {
  return parseSecretMetadata({ metadata: objectMember(object, 'metadata') });
}

function parseJwtObject(object: JsonObject): Jwt | undefined {
  const jwt = parseJwt(object);
  return jwt.ok ? jwt.value : undefined;
}

/** The object as the cache stores it. */
function keepJwt(object: JsonObject): Jwt | undefined {
  const jwt = parseJwtObject(object);
  return jwt === undefined ? undefined : packClaims(digestLongClaims(jwt));
}

/**
 * Stores the result of a write before the watch reports it, unless the watch has already reported something
 * newer.
 */
function remember<T>(cache: Cache<T>, object: JsonObject, value: T | undefined): void {
  const { key, resourceVersion } = identify(object);
  if (value !== undefined) cache.remember(key, resourceVersion, value);
}
