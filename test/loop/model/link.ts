import type { KubeClient } from '../../../src/kube/client.ts';
import { KubeError } from '../../../src/kube/errors.ts';
import { parseResourcePath } from '../../../src/kube/resource-path.ts';
import type { Clock } from '../../../src/time/clock.ts';
import { isJsonObject, type JsonObject } from '../../../src/resources/json.ts';
import type { Answer } from './answers.ts';
import { refusal, wireOf, type ModelCluster } from './model-cluster.ts';
import type { SuspendableClock } from '../../time/suspendable-clock.ts';

/**
 * How the API server answers. `lossy`: writes are executed, at once or two seconds late, but their answers
 * get lost. `status-refused`: everything works except for writes of a status.
 */
export type ApiHealth = 'healthy' | 'slow' | 'down' | 'lossy' | 'status-refused';

/** A call, as seen by a proxy before the API server. */
export interface Call {
  readonly verb: 'get' | 'apply' | 'patch';
  readonly what: 'secret' | 'jwt' | 'status';
}

/** The connection of one process to the API server, and its reports. */
export interface LinkOptions {
  readonly cluster: ModelCluster;
  /** Clock of the world: a call that was sent arrives even if the process is stopped. */
  readonly clock: Clock;
  /** Clock of the process: while it is stopped it sends nothing and gets no answer. */
  readonly process: Pick<SuspendableClock, 'awake'>;
  /** The answer to a call that is not executed. */
  readonly refuses: (call: Call) => Answer | undefined;
  /** An admission policy forbids to remove owners from Secrets by a patch. */
  readonly keepsOwners: () => boolean;
  readonly apiHealth: () => ApiHealth;
  /** Numbers in [0, 1). */
  readonly random: () => number;
  /** Called before a write is executed. */
  readonly onLanding: (write: Landing) => void;
  /**
   * A write was executed but its sender will not know, or a status was refused: there is no record of what
   * was done.
   */
  readonly onLost: (key: string) => void;
}

export interface Landing {
  readonly what: Call['what'];
  readonly key: string;
  /** Executes the write; throws if the API server refuses. */
  readonly land: () => JsonObject;
}

export type LinkedClient = Pick<KubeClient, 'get' | 'apply' | 'jsonPatch' | 'mergePatch'>;

const HEALTHY_MS = 4;
/** Shorter than the 5 s after which our client gives up. */
export const SLOWEST_MS = 4_000;
const LATE_MS = 2_000;

/**
 * The connection of one process to the API server: every call takes time, is executed or not, is answered or
 * not.
 */
export class Link {
  readonly client: LinkedClient;
  readonly #options: LinkOptions;
  #inFlight = 0;
  #alive = true;

  constructor(options: LinkOptions) {
    this.#options = options;
    const { cluster } = options;
    this.client = {
      get: (path) => this.#get(path),
      apply: (path, body, { force }) =>
        this.#write('apply', path, (key, what) =>
          what === 'secret' ? cluster.applySecret(key, body, force) : cluster.applyStatus(key, body),
        ),
      jsonPatch: (path, operations) =>
        this.#write('patch', path, (key) => {
          const changes = operations.filter(isJsonObject);
          if (options.keepsOwners() && changes.some(removesOwner))
            throw refusal('patch', 'secrets', key, { status: 403, why: 'policy' });
          return cluster.patchSecret(key, changes);
        }),
      mergePatch: (path, body) => this.#write('patch', path, (key) => cluster.patchJwt(key, body)),
    };
  }

  /** Number of calls that were sent and not answered. */
  get inFlight(): number {
    return this.#inFlight;
  }

  get isAlive(): boolean {
    return this.#alive;
  }

  /**
   * The process is killed: writes that were sent can still be executed, but nothing more is sent, and no
   * answer arrives.
   */
  cut(): void {
    this.#alive = false;
  }

  async #get(path: string): Promise<JsonObject> {
    const key = keyOf(path);
    const { resource } = parseResourcePath(path);
    return this.#call({ verb: 'get', what: whatOf(path) }, path, () => {
      const { jwts, secrets } = this.#options.cluster;
      const object = resource === 'secrets' ? secrets.get(key) : jwts.get(key);
      if (object === undefined) throw refusal('get', resource, key, { status: 404 });
      return wireOf(object);
    });
  }

  async #write(
    verb: 'apply' | 'patch',
    path: string,
    write: (key: string, what: Call['what']) => JsonObject,
  ): Promise<JsonObject> {
    const { apiHealth, onLanding, onLost } = this.#options;
    const key = keyOf(path);
    const what = whatOf(path);
    let stored: JsonObject = {};
    const land = (): JsonObject => {
      stored = write(key, what);
      return stored;
    };
    return this.#call({ verb, what }, path, () => {
      if (what === 'status' && apiHealth() === 'status-refused') {
        onLost(key);
        throw refusal('apply', 'jwts', key, { status: 403, why: 'no right' });
      }
      onLanding({ what, key, land });
      return stored;
    });
  }

  async #call(call: Call, path: string, land: () => JsonObject): Promise<JsonObject> {
    const { clock, process, apiHealth, random, onLost } = this.#options;
    const { verb } = call;
    await process.awake();
    if (!this.#alive) throw unreachable(verb, path);
    const isSlow = apiHealth() === 'slow';
    const half = isSlow ? (SLOWEST_MS / 2) * (0.1 + 0.9 * random()) : HEALTHY_MS / 2;
    this.#inFlight += 1;
    try {
      await clock.sleep(half);
      if (apiHealth() === 'down') throw unreachable(verb, path);
      const isWrite = verb !== 'get';
      const isLost = isWrite && apiHealth() === 'lossy';
      if (isLost && random() < 0.5) {
        onLost(keyOf(path));
        clock.setTimer(LATE_MS, () => ignoreRefusal(land));
        throw unreachable(verb, path);
      }
      this.#refuse(call, path);
      const stored = land();
      await clock.sleep(half);
      const isAnswered = this.#alive && !isLost && apiHealth() !== 'down';
      if (!isAnswered && isWrite) onLost(keyOf(path));
      if (!isAnswered) throw unreachable(verb, path);
      return stored;
    } finally {
      await process.awake();
      this.#inFlight -= 1;
    }
  }

  /** Answers the call without executing it, if a step asked for that. */
  #refuse(call: Call, path: string): void {
    const answer = this.#options.refuses(call);
    if (answer === undefined) return;
    // The token was written, but this could not be recorded: the next round signs once more.
    if (call.what !== 'secret' && call.verb !== 'get') this.#options.onLost(keyOf(path));
    const { resource } = parseResourcePath(path);
    throw refusal(call.verb, resource, keyOf(path), answer);
  }
}

function removesOwner({ op, path }: JsonObject): boolean {
  return op === 'remove' && String(path).startsWith('/metadata/ownerReferences/');
}

function ignoreRefusal(land: () => unknown): void {
  try {
    land();
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
  }
}

function unreachable(verb: string, path: string): KubeError {
  return new KubeError({ verb, ...parseResourcePath(path), status: 0, reason: 'Unreachable' });
}

function whatOf(path: string): Call['what'] {
  const { resource, subresource } = parseResourcePath(path);
  if (resource === 'secrets') return 'secret';
  return subresource === 'status' ? 'status' : 'jwt';
}

function keyOf(path: string): string {
  const { namespace = '', name = '' } = parseResourcePath(path);
  return `${namespace}/${name}`;
}
