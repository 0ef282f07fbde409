import { parsePublicJwk } from '../reconcile/key-record.ts';
import type { AlgorithmName } from '../resources/algorithms.ts';
import type { JWK } from 'jose';
import { readPublicKey, type PublicKey } from '../signing/check-token.ts';
import { bareJwk } from '../signing/key/public-jwk.ts';
import { keepLatest } from './keep-latest.ts';

/** Public keys by what they are made of: many JWTs may share one, which is parsed and made ready once. */
export class PublicKeys {
  readonly #parsed = new Map<string, JWK | undefined>();
  readonly #ready = new Map<string, Promise<PublicKey | undefined>>();
  readonly #capacity: number;

  /** @param capacity how many keys are kept in each form; the one unused for longest goes first. */
  constructor(capacity = 1_000) {
    this.#capacity = capacity;
  }

  /** The JWK in a `status.publicKey`; `undefined` without one, and for a text that is not one. */
  parse(text: string | undefined): JWK | undefined {
    if (text === undefined) return undefined;
    const kept = this.#parsed.has(text) ? this.#parsed.get(text) : parsePublicJwk(text);
    keepLatest(this.#parsed, text, kept, this.#capacity);
    return kept;
  }

  /** The key of a JWK, for checking signatures; `undefined` when it is not a key for the algorithm. */
  makeReady(publicJwk: JWK, algorithm: AlgorithmName): Promise<PublicKey | undefined> {
    const jwk = bareJwk(publicJwk); // many may share one key, each under a kid of its own
    const id = `${algorithm} ${JSON.stringify(jwk)}`;
    const kept = this.#ready.get(id) ?? readPublicKey(jwk, algorithm).catch(() => undefined);
    keepLatest(this.#ready, id, kept, this.#capacity);
    return kept;
  }
}
