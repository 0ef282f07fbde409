import type { AlgorithmName } from '../resources/algorithms.ts';
import type { StateProblem } from '../resources/problem.ts';
import type { Result } from '../resources/result.ts';
import type { JWK } from 'jose';
import { readPublicKey, type PublicKey } from '../signing/verdict.ts';
import { readSigningKey, type SigningKey } from '../signing/key.ts';

type ReadKey = Result<SigningKey, StateProblem>;

/**
 * Parsed keys by the version of the object that holds them: parsing a key costs a dozen signatures, and a
 * thousand JWTs may share one key Secret. Simultaneous readers of one version share one read.
 */
export class KeyRing {
  readonly #publicKeys = new Map<string, Promise<PublicKey | undefined>>();
  readonly #entries = new Map<string, Promise<ReadKey>>();
  readonly #capacity: number;

  /** @param capacity how many keys are kept; the one unused for longest goes first. */
  constructor(capacity = 1_000) {
    this.#capacity = capacity;
  }

  /** The public key of a JWK, made ready once; `undefined` when it is none of a key for the algorithm. */
  readPublic(publicJwk: JWK, algorithm: AlgorithmName): Promise<PublicKey | undefined> {
    const id = `${algorithm} ${JSON.stringify(publicJwk)}`;
    const kept = this.#publicKeys.get(id) ?? readPublicKey(publicJwk, algorithm).catch(() => undefined);
    keepLatest(this.#publicKeys, id, kept, this.#capacity);
    return kept;
  }

  /**
   * The key of that version, read by `load` when it is not kept. Failures are not kept.
   * @param version changes whenever the content may have changed.
   * @param load gives the key's text, or why there is none; what it throws reaches the caller.
   */
  async read(
    version: string,
    algorithm: AlgorithmName,
    load: () => Promise<Result<string, StateProblem>>,
  ): Promise<ReadKey> {
    const id = `${algorithm} ${version}`;
    const kept = this.#entries.get(id);
    if (kept !== undefined) {
      keepLatest(this.#entries, id, kept, this.#capacity);
      return kept;
    }
    const reading = load().then((text) => (text.ok ? readSigningKey(text.value, algorithm) : text));
    keepLatest(this.#entries, id, reading, this.#capacity);
    try {
      const key = await reading;
      if (!key.ok) this.#entries.delete(id);
      return key;
    } catch (error) {
      this.#entries.delete(id);
      throw error;
    }
  }
}

/** Puts an entry last in the order of use, and drops the ones unused for longest beyond the capacity. */
function keepLatest<T>(entries: Map<string, T>, id: string, entry: T, capacity: number): void {
  entries.delete(id);
  entries.set(id, entry);
  for (const oldest of entries.keys()) {
    if (entries.size <= capacity) return;
    entries.delete(oldest);
  }
}
