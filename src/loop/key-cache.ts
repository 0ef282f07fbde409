import { parsePublicJwk } from '../reconcile/key-record.ts';
import type { AlgorithmName } from '../resources/algorithms.ts';
import type { StateProblem } from '../resources/problem.ts';
import type { Result } from '../resources/result.ts';
import type { JWK } from 'jose';
import { readPublicKey, type PublicKey } from '../signing/check-token.ts';
import { bareJwk, readSigningKey, type SigningKey } from '../signing/key.ts';
import { keepLatest } from './keep-latest.ts';

type KeyReading = Result<SigningKey, StateProblem>;

/**
 * The object that holds a key, in the state in which it was read: whether and how its key is used depends on this state
 * alone.
 */
export interface KeyHolder<Content> {
  /**
   * The version of the key: it changes whenever the object does, and differs for each key in it. Newer than the one asked for,
   * if a cache was behind.
   */
  readonly version: string;
  /** The terms on which the owner of the key lets others use it. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly content: Content;
}

type Held = KeyHolder<KeyReading> | undefined;

/** The holder with the text of the key; `undefined`: there is no such object. */
type Loaded = KeyHolder<Result<string, StateProblem>> | undefined;

/**
 * Parsed keys by their version: parsing a key costs a dozen signatures, and a
 * thousand JWTs may share one key Secret. Simultaneous readers of one version share one read. Whether a reader may use
 * what it gets is for the reader to decide, by the annotations that come with the key.
 */
export class KeyCache {
  readonly #publicJwks = new Map<string, JWK | undefined>();
  readonly #publicKeys = new Map<string, Promise<PublicKey | undefined>>();
  readonly #entries = new Map<string, Promise<Held>>();
  readonly #capacity: number;

  /** @param capacity how many keys are kept; the one unused for longest goes first. */
  constructor(capacity = 1_000) {
    this.#capacity = capacity;
  }

  /** The JWK in a `status.publicKey`, which many may share; `undefined` without one, and for a text that is not one. */
  parsePublic(text: string | undefined): JWK | undefined {
    if (text === undefined) return undefined;
    const kept = this.#publicJwks.has(text) ? this.#publicJwks.get(text) : parsePublicJwk(text);
    keepLatest(this.#publicJwks, text, kept, this.#capacity);
    return kept;
  }

  /** The public key of a JWK, made ready once; `undefined` when it is not a key for the algorithm. */
  readPublic(publicJwk: JWK, algorithm: AlgorithmName): Promise<PublicKey | undefined> {
    const jwk = bareJwk(publicJwk); // many may share one key, each under a kid of its own
    const id = `${algorithm} ${JSON.stringify(jwk)}`;
    const kept = this.#publicKeys.get(id) ?? readPublicKey(jwk, algorithm).catch(() => undefined);
    keepLatest(this.#publicKeys, id, kept, this.#capacity);
    return kept;
  }

  /**
   * The key of that version, read by `load` when it is not kept; with the annotations of the very object that it was read
   * from. Only what is a key is kept.
   * @param load gives the object with the key's text; what it throws reaches every caller that waits for it.
   */
  async read(version: string, algorithm: AlgorithmName, load: () => Promise<Loaded>): Promise<Held> {
    const id = `${algorithm} ${version}`;
    const kept = this.#entries.get(id);
    if (kept !== undefined) {
      keepLatest(this.#entries, id, kept, this.#capacity);
      return kept;
    }
    const reading = load().then((holder) => parseKey(holder, algorithm));
    keepLatest(this.#entries, id, reading, this.#capacity);
    try {
      const held = await reading;
      if (held?.content.ok !== true) this.#entries.delete(id);
      else keepLatest(this.#entries, `${algorithm} ${held.version}`, reading, this.#capacity);
      return held;
    } catch (error) {
      this.#entries.delete(id);
      throw error;
    }
  }

  /** As `read`, where the object was asked for already: a key of the same version is not parsed again. */
  async readLoaded(holder: Loaded, algorithm: AlgorithmName): Promise<Held> {
    return holder === undefined ? undefined : this.read(holder.version, algorithm, async () => holder);
  }
}

async function parseKey(holder: Loaded, algorithm: AlgorithmName): Promise<Held> {
  if (holder === undefined) return undefined;
  const { content } = holder;
  return { ...holder, content: content.ok ? await readSigningKey(content.value, algorithm) : content };
}
