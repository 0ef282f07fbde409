import type { AlgorithmName } from '../resources/algorithms.ts';
import type { StateProblem } from '../resources/problem.ts';
import type { Result } from '../resources/result.ts';
import { readSigningKey, type SigningKey } from '../signing/key.ts';
import { keepLatest } from './keep-latest.ts';

type KeyReading = Result<SigningKey, StateProblem>;

/**
 * The object that holds a key, in the state in which it was read: whether and how its key is used depends on this state
 * alone.
 *
 * @internal
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

type Held = KeyHolder<KeyReading>;

/** The answer to one reader; `content` is `undefined` if that reader may not use the key. */
type Shown = KeyHolder<KeyReading | undefined> | undefined;

/** The part of an object that decides who may use its key. */
type Terms = Pick<KeyHolder<unknown>, 'annotations'>;

/** The holder with the text of the key; `undefined`: there is no such object. */
type Loaded = KeyHolder<Result<string, StateProblem>> | undefined;

/**
 * Parsed private keys by their version: parsing a key costs a dozen signatures, and a thousand JWTs may share one key Secret.
 * Simultaneous readers of one version share one read. Whether a reader may use the key is for the reader to decide, by the
 * annotations that come with it.
 */
export class KeyCache {
  readonly #loads = new Map<string, Promise<Loaded>>();
  readonly #entries = new Map<string, Promise<Held>>();
  readonly #capacity: number;

  /** @param capacity how many keys are kept; the one unused for longest goes first. */
  constructor(capacity = 1_000) {
    this.#capacity = capacity;
  }

  /**
   * The key of that version, read by `load` when it is not kept; with the annotations of the very object that it was read
   * from. Only what is a key is kept.
   * @param load gives the object with the key's text; what it throws reaches every caller that waits for it.
   * @param mayUse whether this caller may use the key: it is parsed for no other, as the time that takes depends on the key.
   */
  async read(
    version: string,
    algorithm: AlgorithmName,
    load: () => Promise<Loaded>,
    mayUse: (holder: Terms) => boolean = () => true,
  ): Promise<Shown> {
    const id = `${algorithm} ${version}`;
    const kept = this.#entries.get(id);
    if (kept !== undefined) {
      keepLatest(this.#entries, id, kept, this.#capacity);
      const held = await kept;
      return mayUse(held) ? held : { ...held, content: undefined };
    }
    const loaded = await this.#loadOnce(version, load);
    if (loaded === undefined) return undefined;
    return mayUse(loaded) ? this.#parseOnce(id, loaded, algorithm) : { ...loaded, content: undefined };
  }

  /** As `read`, where the object was asked for already: a key of the same version is not parsed again. */
  async readLoaded(
    holder: Loaded,
    algorithm: AlgorithmName,
    mayUse?: (holder: Terms) => boolean,
  ): Promise<Shown> {
    return holder === undefined
      ? undefined
      : this.read(holder.version, algorithm, async () => holder, mayUse);
  }

  async #loadOnce(version: string, load: () => Promise<Loaded>): Promise<Loaded> {
    const running = this.#loads.get(version);
    if (running !== undefined) return running;
    const started = load();
    this.#loads.set(version, started);
    try {
      return await started;
    } finally {
      this.#loads.delete(version);
    }
  }

  /** `id`: under which it is kept beside that of the version that was read, which may be newer. */
  async #parseOnce(id: string, loaded: NonNullable<Loaded>, algorithm: AlgorithmName): Promise<Held> {
    const ids = new Set([id, `${algorithm} ${loaded.version}`]);
    const running = [...ids].map((each) => this.#entries.get(each)).find((each) => each !== undefined);
    const reading = running ?? parseKey(loaded, algorithm);
    for (const each of ids) keepLatest(this.#entries, each, reading, this.#capacity);
    let isKey = false;
    try {
      const held = await reading;
      isKey = held.content.ok;
      return held;
    } finally {
      if (!isKey) for (const each of ids) this.#entries.delete(each);
    }
  }
}

async function parseKey(holder: NonNullable<Loaded>, algorithm: AlgorithmName): Promise<Held> {
  const { content } = holder;
  return { ...holder, content: content.ok ? await readSigningKey(content.value, algorithm) : content };
}
