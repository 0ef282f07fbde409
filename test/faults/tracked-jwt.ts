import { createPublicKey, type KeyObject } from 'node:crypto';
import { waitUntil } from '../controlplane/wait-until.ts';
import type { Loose } from '../integration/objects.ts';
import { pathOf } from './api.ts';
import type { Arena } from './arena.ts';
import { beginExcuse, type CaseFile, type Excuse, type KeyRecord, type SpecRecord } from './case-file.ts';
import { OwnWrites } from './own-writes.ts';
import { expiryOf, parseToken, tokenIn, type Token } from './judge-token.ts';

/** Something done to a JWT, its Secret or its surroundings, and the check that everything is well again. */
export interface Ordeal {
  readonly harm: () => Promise<unknown>;
  readonly until: () => boolean | Promise<boolean>;
  readonly withinMs?: number;
  /** Number of writes of the Secret that this can cause; default: 1. */
  readonly causes?: number;
}

/** A JWT of a fault: its settings, what was done to it, and the states that the observer saw. */
export class TrackedJwt {
  readonly name: string;
  readonly namespace: string;
  readonly #arena: Arena;
  readonly #keys: KeyRecord[] = [];
  readonly #specs: SpecRecord[] = [];
  readonly #excuses: Excuse[] = [];
  readonly #onRecovery: (ms: number) => void;
  readonly #ownWrites = new OwnWrites();
  /** The Secret as the suite last wrote it. */
  #leftSecret: Loose;
  #causes = 1; // the first token

  constructor(
    arena: Arena,
    place: { readonly namespace: string; readonly name: string },
    onRecovery: (ms: number) => void,
  ) {
    this.#arena = arena;
    this.namespace = place.namespace;
    this.name = place.name;
    this.#onRecovery = onRecovery;
  }

  get path(): string {
    return pathOf('jwts', this.namespace, this.name);
  }

  get secretPath(): string {
    return pathOf('secrets', this.namespace, this.name);
  }

  get jwt(): Loose {
    return this.#arena.observer.see('JWT', this.namespace, this.name);
  }

  get secret(): Loose {
    return this.#arena.observer.see('Secret', this.namespace, this.name);
  }

  get token(): Token | undefined {
    return tokenIn(this.secret);
  }

  /** The text of the present token, for comparison. */
  get text(): string {
    return this.token?.text ?? '';
  }

  condition(type: string): Loose {
    return this.jwt?.status?.conditions?.find((condition: Loose) => condition.type === type);
  }

  says(type: string, status: string, reason?: string): boolean {
    const condition = this.condition(type);
    return condition?.status === status && (reason === undefined || condition.reason === reason);
  }

  /**
   * Whether there is a token that has not expired, with another `jti` than that of `before`, and a status
   * that reports it.
   */
  isRenewed(before: string): boolean {
    const { token } = this;
    const { jti } = token?.claims ?? {};
    // A forged token can have the same `jti`: then its text differs, and the status seems to describe it.
    if (jti === undefined || jti === parseToken(before)?.claims.jti || expiryOf(token) <= Date.now())
      return false;
    return this.jwt?.status?.tokenId === jti && this.says('Ready', 'True');
  }

  /** Records that the JWT was written with this spec, and its key from now on. */
  noteSpec(spec: Loose): void {
    const lifetime = secondsOf(spec.expiryTime);
    const { keyId, algorithm, issuer, data } = spec;
    const resignBefore = secondsOf(spec.resignBefore) || lifetime / 2;
    this.#specs.push({ from: Date.now(), keyId, algorithm, issuer, data, lifetime, resignBefore });
  }

  noteKey(key: KeyObject, keyId: string): void {
    this.#keys.push({ from: Date.now(), keyId, publicKey: createPublicKey(key) });
  }

  /** Adds to the number of allowed writes. */
  addCauses(count = 1): void {
    this.#causes += count;
  }

  /** From now on a valid token is not expected, until the returned function is called. */
  excuse(): () => void {
    return beginExcuse(this.#excuses);
  }

  /**
   * Waits for a state that the observer reports after it has seen the suite's own writes: the state before
   * them could match, too.
   */
  async waitFor(
    what: string,
    fits: () => boolean | Promise<boolean>,
    withinMs = this.#arena.patienceMs,
  ): Promise<void> {
    const isUpToDate = (): boolean => this.#ownWrites.areSeen(this.#arena.observer.sightings(this.namespace));
    try {
      await waitUntil(`${this.name}: ${what}`, withinMs, () => isUpToDate() && fits());
    } catch (error) {
      const states = this.jwt?.status?.conditions?.map(
        ({ type, status, reason }: Loose) => `${type}=${status} ${reason}`,
      );
      const seen = this.jwt === undefined ? 'the observer sees no JWT' : 'no status';
      throw new Error(`${String(error)} (${states?.join(', ') ?? seen})`, { cause: error });
    }
  }

  /** Does the harm and waits until everything is well again; gives the milliseconds in between. */
  async endure(what: string, { harm, until, withinMs, causes = 1 }: Ordeal): Promise<number> {
    this.addCauses(causes);
    const forgive = this.excuse();
    await harm();
    const startedAt = performance.now();
    await this.waitFor(what, until, withinMs);
    forgive();
    const took = performance.now() - startedAt;
    this.#onRecovery(took);
    return took;
  }

  /** Deletes its Secret, and waits until there is one with a new token; gives the milliseconds in between. */
  async loseSecret(ordeal: Pick<Ordeal, 'withinMs' | 'causes'>): Promise<number> {
    const { text } = this;
    const harm = (): Promise<void> => this.removeSecret();
    return this.endure('a deleted Secret comes back', { harm, until: () => this.isRenewed(text), ...ordeal });
  }

  /** Merge patch of the Secret by another user. */
  async patchSecret(body: unknown): Promise<void> {
    this.#leaveSecret(await this.#arena.api.merge(this.secretPath, body));
  }

  /** Creates a Secret of its name as another user. */
  async createSecret(metadata: Loose, rest: Loose): Promise<void> {
    const body = { metadata: { name: this.name, ...metadata }, ...rest };
    this.#leaveSecret(await this.#arena.api.create(pathOf('secrets', this.namespace), body));
  }

  async removeSecret(): Promise<void> {
    const answer = await this.#arena.api.remove(this.secretPath);
    if (answer?.metadata?.resourceVersion !== undefined) this.#leaveSecret(answer);
    else if (answer !== undefined) this.#ownWrites.noteRemoved(answer.details.uid);
  }

  /** Whether nobody has written its Secret since the suite did. */
  isSecretUntouched(): boolean {
    const [seen, left] = [this.secret?.metadata, this.#leftSecret?.metadata];
    return seen?.uid === left?.uid && seen?.resourceVersion === left?.resourceVersion;
  }

  #leaveSecret(stored: Loose): void {
    this.#leftSecret = stored;
    this.#ownWrites.noteStored(stored);
  }

  /** Merge patch of the JWT's spec. */
  async patchSpec(change: Loose): Promise<void> {
    const stored = await this.#arena.api.merge(this.path, { spec: change });
    this.#ownWrites.noteStored(stored);
    this.noteSpec(stored.spec);
  }

  /** Requests a new token, and gives the text of the present one. */
  async requestRenewal(): Promise<string> {
    const { text } = this;
    this.addCauses();
    const value = `${Date.now()}`;
    const metadata = { annotations: { 'tokens.osg-htc.org/renew': value } };
    this.#ownWrites.noteStored(await this.#arena.api.merge(this.path, { metadata }));
    return text;
  }

  /** How many different tokens it had so far. */
  countTokens(): number {
    const sightings = this.#arena.observer.sightings(this.namespace);
    return new Set(sightings.map(({ object }) => object.data?.token).filter(Boolean)).size;
  }

  /** @param statuses the number that the fault allows. */
  file(endedAt: number, statuses: number): CaseFile {
    const { observer, foreign, ours, excuses, hindrances, pulse } = this.#arena;
    return {
      name: this.name,
      sightings: observer.sightings(this.namespace).filter(({ name }) => name === this.name),
      keys: this.#keys,
      specs: this.#specs,
      excuses: [...this.#excuses, ...excuses],
      pauses: [...pulse.pauses(), ...hindrances],
      stalls: pulse.stalls(),
      causes: this.#causes,
      statuses,
      foreign,
      ours,
      endedAt,
    };
  }
}

/** Seconds of a duration in the spec. */
export function secondsOf(duration: Loose): number {
  const { days = 0, hours = 0, minutes = 0 } = duration ?? {};
  return days * 86_400 + hours * 3_600 + minutes * 60;
}
