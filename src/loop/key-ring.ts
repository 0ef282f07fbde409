import type { AlgorithmName } from '../resources/algorithms.ts';
import type { StateProblem } from '../resources/problem.ts';
import type { Result } from '../resources/result.ts';
import { readSigningKey, type SigningKey } from '../signing/key.ts';

type ReadKey = Result<SigningKey, StateProblem>;

/**
 * Parsed keys by the version of the object that holds them: parsing a key costs a dozen signatures, and a
 * thousand JWTs may share one key Secret. Simultaneous readers of one version share one read.
 */
export class KeyRing {
  readonly #entries = new Map<string, Promise<ReadKey>>();
  readonly #capacity: number;

  /** @param capacity how many keys are kept; the one unused for longest goes first. */
  constructor(capacity = 1_000) {
    this.#capacity = capacity;
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
      this.#entries.delete(id);
      this.#entries.set(id, kept);
      return kept;
    }
    const reading = load().then((text) => (text.ok ? readSigningKey(text.value, algorithm) : text));
    this.#entries.set(id, reading);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#capacity) break;
      this.#entries.delete(oldest);
    }
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
