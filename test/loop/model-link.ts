import type { KubeClient } from '../../src/kube/client.ts';
import { KubeError } from '../../src/kube/errors.ts';
import { parseResourcePath } from '../../src/kube/resource-path.ts';
import type { Clock } from '../../src/loop/clock.ts';
import type { JsonObject } from '../../src/resources/json.ts';
import { refusal, wireOf, type ModelCluster } from './model-cluster.ts';

/**
 * How the API server answers. `lossy`: writes land, at once or two seconds late, but their answers get lost.
 * `status-refused`: everything works but writes of a status.
 */
export type Weather = 'fair' | 'slow' | 'down' | 'lossy' | 'status-refused';

/** What one process sees of the API server, and what is seen of the process. */
export interface LinkOptions {
  readonly cluster: ModelCluster;
  readonly clock: Clock;
  readonly weather: () => Weather;
  /** Numbers in [0, 1). */
  readonly random: () => number;
  /** Before a write lands. */
  readonly onLanding: (write: Landing) => void;
  /** A write landed and whoever sent it will not hear of it, or a status was refused: what was done is not known. */
  readonly onLost: (key: string) => void;
}

export interface Landing {
  readonly what: 'secret' | 'status';
  readonly key: string;
  /** Does the write; throws what the API server refuses. */
  readonly land: () => JsonObject;
}

export type LinkedClient = Pick<KubeClient, 'get' | 'apply' | 'jsonPatch' | 'mergePatch'>;

const FAIR_MS = 4;
/** Below the 5 s after which our client gives up. */
export const SLOWEST_MS = 4_000;
const LATE_MS = 2_000;

/** The way of one process to the API server: every call takes time, lands or not, is answered or not. */
export class Link {
  readonly client: LinkedClient;
  readonly #options: LinkOptions;
  #inFlight = 0;
  #alive = true;

  constructor(options: LinkOptions) {
    this.#options = options;
    const notModelled = (): Promise<JsonObject> => Promise.reject(new Error('the model knows no patches'));
    this.client = {
      get: (path) => this.#get(path),
      apply: (path, body, { force }) => this.#apply(path, body, force),
      jsonPatch: notModelled,
      mergePatch: notModelled,
    };
  }

  /** Calls that were sent and not answered. */
  get inFlight(): number {
    return this.#inFlight;
  }

  get isAlive(): boolean {
    return this.#alive;
  }

  /** The process is killed: what is on its way may still land, nothing more is sent, nobody hears an answer. */
  cut(): void {
    this.#alive = false;
  }

  async #get(path: string): Promise<JsonObject> {
    const key = keyOf(path);
    const { resource } = parseResourcePath(path);
    return this.#call('get', path, () => {
      const { jwts, secrets } = this.#options.cluster;
      const object = resource === 'secrets' ? secrets.get(key) : jwts.get(key);
      if (object === undefined) throw refusal('get', resource, key, 404, 'NotFound');
      return wireOf(object);
    });
  }

  async #apply(path: string, body: JsonObject, force: boolean): Promise<JsonObject> {
    const { cluster, weather, onLanding, onLost } = this.#options;
    const key = keyOf(path);
    const what = parseResourcePath(path).resource === 'secrets' ? 'secret' : 'status';
    let stored: JsonObject = {};
    const land = (): JsonObject => {
      stored = what === 'secret' ? cluster.applySecret(key, body, force) : cluster.applyStatus(key, body);
      return stored;
    };
    return this.#call('apply', path, () => {
      if (what === 'status' && weather() === 'status-refused') {
        onLost(key);
        throw refusal('apply', 'jwts', key, 403, 'Forbidden');
      }
      onLanding({ what, key, land });
      return stored;
    });
  }

  async #call(verb: 'get' | 'apply', path: string, land: () => JsonObject): Promise<JsonObject> {
    const { clock, weather, random, onLost } = this.#options;
    if (!this.#alive) throw unreachable(verb, path);
    const isSlow = weather() === 'slow';
    const half = isSlow ? (SLOWEST_MS / 2) * (0.1 + 0.9 * random()) : FAIR_MS / 2;
    this.#inFlight += 1;
    try {
      await clock.sleep(half);
      if (weather() === 'down') throw unreachable(verb, path);
      const isLost = verb === 'apply' && weather() === 'lossy';
      if (isLost && random() < 0.5) {
        onLost(keyOf(path));
        clock.setTimer(LATE_MS, () => ignoreRefusal(land));
        throw unreachable(verb, path);
      }
      const stored = land();
      await clock.sleep(half);
      const isHeard = this.#alive && !isLost && weather() !== 'down';
      if (!isHeard && verb === 'apply') onLost(keyOf(path));
      if (!isHeard) throw unreachable(verb, path);
      return stored;
    } finally {
      this.#inFlight -= 1;
    }
  }
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

function keyOf(path: string): string {
  const { namespace = '', name = '' } = parseResourcePath(path);
  return `${namespace}/${name}`;
}
