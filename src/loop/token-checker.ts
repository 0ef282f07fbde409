import { objectKey, parseObjectKey } from '../resources/object-key.ts';
import type { Clock, Timer } from '../time/clock.ts';
import type { Sources } from './observe.ts';
import { PublicKeys } from './public-keys.ts';
import { checkSignature, findVerifyingKey } from './token-evidence.ts';

/** A Secret often comes a moment before the status that says which key its token was signed with. */
const BATCH_PAUSE_MS = 250;
/** Tokens checked after each pause: at most 2,000 a second. Each takes one thread 0.1 ms (RS256) to 2 ms (ES512). */
const BATCH_SIZE = 500;

interface TokenCheckerOptions {
  readonly sources: Pick<Sources, 'jwt' | 'tokenSecret'>;
  readonly clock: Pick<Clock, 'setTimer'>;
  /** Called with whether a signature was made with the key on record. */
  readonly onChecked: (namespace: string, name: string, isValid: boolean) => void;
  /** Called with what a check threw: only a bug throws. */
  readonly onBug: (error: unknown) => void;
}

/**
 * Checks the signature of each token soon after it came, whether this replica leads or not, and drops its text: so the
 * memory of a standby holds no tokens, and a failover begins with all checked. The text of a token that cannot be
 * checked, having no JWT or no key on record, is dropped as well: a round that wants it reads the Secret.
 */
export class TokenChecker {
  readonly #options: TokenCheckerOptions;
  readonly #publicKeys = new PublicKeys();
  /** `namespace/name`, in the order in which they came. */
  readonly #waiting = new Set<string>();
  #timer: Timer | undefined;
  #state: 'new' | 'started' | 'stopped' = 'new';

  constructor(options: TokenCheckerOptions) {
    this.#options = options;
  }

  /** A Secret with our label came, changed or was written. */
  secretChanged(namespace: string, name: string): void {
    if (this.#state === 'stopped' || this.#unchecked(namespace, name) === undefined) return;
    this.#waiting.add(objectKey({ namespace, name }));
    if (this.#state === 'started' && this.#timer === undefined) this.#checkSoon();
  }

  /** Whether the token in that Secret will be checked soon. */
  isWaiting(namespace: string, name: string): boolean {
    return this.#waiting.has(objectKey({ namespace, name }));
  }

  /** Must be called when all JWTs and Secrets are listed: before that, a token may seem to have no JWT. */
  start(): void {
    if (this.#state !== 'new') return;
    this.#state = 'started';
    if (this.#waiting.size > 0) this.#checkSoon();
  }

  stop(): void {
    this.#state = 'stopped';
    this.#timer?.cancel();
    this.#waiting.clear();
  }

  #checkSoon(): void {
    this.#timer = this.#options.clock.setTimer(BATCH_PAUSE_MS, () => void this.#checkBatch());
  }

  /** One after the other: the same threads sign. */
  async #checkBatch(): Promise<void> {
    let left = BATCH_SIZE;
    for (const key of this.#waiting) {
      if (left === 0 || this.#state === 'stopped') break;
      left -= 1;
      const { namespace, name } = parseObjectKey(key);
      this.#waiting.delete(key);
      await this.#check(namespace, name).catch(this.#options.onBug);
    }
    this.#timer = undefined;
    if (this.#state === 'started' && this.#waiting.size > 0) this.#checkSoon();
  }

  async #check(namespace: string, name: string): Promise<void> {
    const evidence = this.#unchecked(namespace, name);
    if (evidence === undefined) return;
    const jwt = this.#options.sources.jwt(namespace, name);
    const publicJwk = this.#publicKeys.parse(jwt?.recorded.publicKey);
    const verifyingKey = jwt === undefined ? undefined : findVerifyingKey(jwt.recorded, publicJwk, undefined);
    if (jwt?.spec.ok !== true || verifyingKey === undefined) {
      evidence.unchecked = undefined;
      return;
    }
    const isValid = await checkSignature(evidence, verifyingKey, jwt.spec.value.algorithm, this.#publicKeys);
    this.#options.onChecked(namespace, name, isValid);
  }

  #unchecked(namespace: string, name: string) {
    const evidence = this.#options.sources.tokenSecret(namespace, name)?.evidence;
    return evidence?.unchecked === undefined ? undefined : evidence;
  }
}
