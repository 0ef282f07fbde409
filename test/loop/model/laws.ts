import { RENEW } from '../../../src/resources/names.ts';
import { objectKey } from '../../../src/resources/object-key.ts';
import type { ModelCluster, ModelJwt } from './model-cluster.ts';
import { findPatchFault, isStuck } from './deletion.ts';
import type { ModelSecret } from './secret.ts';
import { fits, isThumbprint, keySecretOf, lifetimesOf, nameKey, says, Verifier } from './model-keys.ts';
import type { KeyName, SeenToken } from './model-keys.ts';
import { isDisownedAlone, isOurs } from './ownership.ts';
import { LatenessLaw } from './lateness-law.ts';
import { StatusLaws } from './status-laws.ts';
import { findDrift, findLostFields } from './wanted.ts';
import { within } from './within.ts';

/** The state of the world beside the cluster that the laws need. Times in milliseconds. */
export interface View {
  now(): number;
  monotonic(): number;
  /** Whether all calls are served, and there is a leader. */
  canWork(): boolean;
  /** Whether a JWT can still be an owner that it must not be: its removal was refused. */
  mayBeOwned(): boolean;
}

/** The records about one JWT name. */
interface Ledger {
  excusedUntil: number;
  extras: number;
  excuses: number;
  renewPending: boolean;
  /** Every state of the JWT of this name, with the time from which it is valid. */
  readonly states: { readonly since: number; readonly jwt: ModelJwt | undefined }[];
  /** The last published token; it was signed at `from` (monotonic) or later. */
  published:
    | { readonly uid: string; readonly exp: number; readonly lifetime: number; readonly from: number }
    | undefined;
}

/** The laws: an observer of the cluster that shares no code with the controller and sees every write. */
export class Laws {
  readonly violations: string[] = [];
  readonly verifier = new Verifier();
  readonly statuses: StatusLaws;
  readonly lateness: LatenessLaw;
  readonly #cluster: ModelCluster;
  readonly #view: View;
  readonly #ledgers = new Map<string, Ledger>();
  readonly #keys = new Map<string, { readonly since: number; readonly name: KeyName | undefined }[]>();
  readonly #tokenIds = new Map<unknown, string>();
  #turnedBackAt = -1;

  constructor(cluster: ModelCluster, view: View) {
    this.#cluster = cluster;
    this.#view = view;
    this.lateness = new LatenessLaw({
      view,
      seenSince: (key, from) => this.#seenSince(key, from),
      onViolation: (key, what) => this.#blame(key, what),
    });
    this.statuses = new StatusLaws({
      cluster,
      monotonic: () => view.monotonic(),
      tokenIn: (secret) => this.tokenIn(secret),
      isValid: (jwt) => this.isValid(jwt),
      onViolation: (key, what) => this.#blame(key, what),
    });
  }

  /** Records the present state of a JWT or a key Secret. */
  note(kind: 'jwt' | 'secret', key: string): void {
    const since = this.#view.monotonic();
    if (kind === 'secret') {
      const states = this.#keys.get(key) ?? [];
      this.#keys.set(key, states);
      states.push({ since, name: this.keyIn(key) });
      return;
    }
    const ledger = this.#ledger(key);
    const jwt = this.#cluster.jwts.get(key);
    const before = ledger.states.at(-1)?.jwt;
    const isRenewAsked = jwt !== undefined && jwt.annotations[RENEW] !== before?.annotations[RENEW];
    if (isRenewAsked && jwt.annotations[RENEW] !== undefined) ledger.renewPending = true;
    ledger.states.push({ since, jwt });
  }

  /** Allows the controller `ms` milliseconds to react to an event. */
  disturb(keys: Iterable<string>, ms: number): void {
    const until = this.#view.monotonic() + ms;
    for (const key of keys) this.#ledger(key).excusedUntil = Math.max(this.#ledger(key).excusedUntil, until);
  }

  /** Adds `ms` milliseconds to all running reactions. */
  prolong(ms: number): void {
    for (const ledger of this.#ledgers.values())
      if (ledger.excusedUntil > this.#view.monotonic()) ledger.excusedUntil += ms;
  }

  /** Milliseconds until the reactions to all events must be complete. */
  untilAnswered(): number {
    const moments = [...this.#ledgers.values()].map(
      ({ excusedUntil }) => excusedUntil - this.#view.monotonic(),
    );
    return Math.max(0, ...moments);
  }

  /** Allows one more write. */
  excuse(keys: Iterable<string>): void {
    const all = [...keys];
    for (const key of all) this.#ledger(key).excuses += 1;
    this.statuses.mayConflict(all);
  }

  /** The clock was turned, by milliseconds. After a step back earlier tokens can expire later than new ones. */
  clockStepped(ms: number): void {
    this.statuses.clockStepped();
    this.lateness.clockStepped();
    if (ms < 0) this.#turnedBackAt = this.#view.monotonic();
  }

  /** I1, and more: as soon as signing is possible, except for the time to react, the token is as documented. */
  check(): void {
    for (const [key, jwt] of this.#cluster.jwts) {
      const isExcused = this.#view.monotonic() <= this.#ledger(key).excusedUntil;
      const mayRelease = this.#view.canWork() && !this.#view.mayBeOwned();
      if (!isExcused && mayRelease && isStuck(jwt, this.#view.now()))
        this.violations.push(`${key} was deleted, and nobody takes the finalizer of token-manager off`);
      const quietSince = this.#ledger(key).excusedUntil;
      if (mayRelease) this.statuses.check(key, jwt, quietSince);
      if (!isExcused && this.isPossible(jwt) && !this.isServed(jwt))
        this.violations.push(
          `I1: ${key} has no valid token although one could be signed: ${this.#describe(key)}`,
        );
    }
  }

  /** The service has patched a JWT. */
  patched(key: string, before: ModelJwt | undefined): void {
    const fault = findPatchFault(before, this.#cluster.jwts.get(key), this.#view.now());
    if (fault !== undefined) this.#blame(key, fault);
  }

  /** Whether a token could be signed and written. */
  isPossible(jwt: ModelJwt): boolean {
    const secret = this.#cluster.secrets.get(objectKey(jwt));
    const isWritable =
      secret === undefined || (isOurs(jwt, secret) && !secret.isDeleting && !secret.immutable);
    return jwt.deletedAt === undefined && this.#view.canWork() && isWritable && this.isKeyUsable(jwt);
  }

  isKeyUsable({ namespace, spec }: ModelJwt): boolean {
    const key = keySecretOf(spec, namespace);
    return this.isGranted(key, namespace) && fits(this.keyIn(key), spec['algorithm']);
  }

  isGranted(key: string, namespace: string): boolean {
    const grant = this.#cluster.secrets
      .get(key)
      ?.fields.get('annotations/tokens.osg-htc.org/allowed-namespaces');
    return key.startsWith(`${namespace}/`) || String(grant?.value).split(',').includes(namespace);
  }

  keyIn(key: string): KeyName | undefined {
    const text = this.#cluster.secrets.get(key)?.fields.get('data/key.pem')?.value;
    return typeof text === 'string' ? nameKey(Buffer.from(text, 'base64').toString()) : undefined;
  }

  /**
   * Whether the Secret holds a valid token that matches the spec and can be recognized as the service's own: with the present
   * key or the recorded one. Without a record, and after the key was lost, it cannot be recognized: then any key is accepted.
   */
  isValid(jwt: ModelJwt): boolean {
    const token = this.tokenIn(this.#cluster.secrets.get(objectKey(jwt)));
    if (token?.signer === undefined || !says(token, jwt.spec, this.#view.now() / 1000)) return false;
    const recorded = jwt.status['keyThumbprint'];
    if (recorded !== undefined) return isThumbprint(recorded, token.signer);
    return !this.isKeyUsable(jwt) || token.signer === this.keyIn(keySecretOf(jwt.spec, jwt.namespace));
  }

  /** Whether the Secret holds a valid token that matches the spec, signed with the present key. */
  isServed(jwt: ModelJwt): boolean {
    const token = this.tokenIn(this.#cluster.secrets.get(objectKey(jwt)));
    const isSaid = token !== undefined && says(token, jwt.spec, this.#view.now() / 1000);
    return isSaid && token.signer === this.keyIn(keySecretOf(jwt.spec, jwt.namespace));
  }

  tokenIn(secret: ModelSecret | undefined): SeenToken | undefined {
    const text = secret?.fields.get('data/token')?.value;
    return typeof text === 'string' ? this.verifier.read(Buffer.from(text, 'base64').toString()) : undefined;
  }

  /** The controller wrote a Secret over `before`. `from`: the earliest time (monotonic) whose state it could have seen. */
  written(key: string, before: ModelSecret | undefined, from: number): void {
    const after = this.#cluster.secrets.get(key);
    if (after === undefined) return;
    const ledger = this.#ledger(key);
    const seen = this.#seenSince(key, from);
    if (!seen.some(({ deletedAt }) => deletedAt === undefined) && !isDisownedAlone(before, after))
      this.#blame(key, 'a Secret was written for a JWT that is gone');
    if (before !== undefined && !seen.some((jwt) => isOurs(jwt, before)))
      this.#blame(key, 'I5: a foreign Secret was written');
    for (const path of findLostFields(before, after, seen))
      this.#blame(key, `I5: ${path} of another manager was lost`);
    const isSameToken = before?.fields.get('data/token')?.value === after.fields.get('data/token')?.value;
    if (!isSameToken) this.#judgeToken(key, ledger, [before, after], seen, from);
    this.#judgeCause(key, ledger, before, isSameToken);
  }

  /** I2 and I3. */
  #judgeToken(
    key: string,
    ledger: Ledger,
    [before, after]: readonly [ModelSecret | undefined, ModelSecret],
    seen: readonly ModelJwt[],
    from: number,
  ): void {
    const token = this.tokenIn(after);
    const isAsked = seen.some(({ namespace, spec }) => {
      const keys = within(this.#keys.get(keySecretOf(spec, namespace)) ?? [], from);
      const isSigner = keys.some(({ name }) => name !== undefined && name === token?.signer);
      return token !== undefined && isSigner && says(token, spec, Number(token.claims['iat']));
    });
    if (token === undefined || !isAsked) {
      const by = token?.signer ?? 'none';
      this.#blame(key, `I2: the token published (by key ${by}) is not what was asked for`);
      return;
    }
    const { jti } = token.claims;
    if ((this.#tokenIds.get(jti) ?? token.text) !== token.text) this.#blame(key, 'I3: two tokens of one jti');
    this.#tokenIds.set(jti, token.text);
    this.statuses.tokenWritten(key, token);
    const lifetime = token.exp - Number(token.claims['iat']);
    const last = ledger.published;
    const uid = seen.at(-1)?.uid ?? '';
    // If `before` is undefined, a late write possibly created a Secret again that was deleted meanwhile.
    const isComparable = before !== undefined && last?.uid === uid && this.#turnedBackAt < last.from;
    if (isComparable && lifetime >= last.lifetime && token.exp < last.exp)
      this.#blame(key, `I3: exp went back by ${last.exp - token.exp} s`);
    this.lateness.published(key, { jti, exp: token.exp });
    ledger.published = { uid, exp: token.exp, lifetime, from };
  }

  /** I4. */
  #judgeCause(key: string, ledger: Ledger, before: ModelSecret | undefined, isSameToken: boolean): void {
    const jwt = this.#cluster.jwts.get(key);
    if (jwt === undefined) return;
    const cause = isSameToken ? findDrift(jwt, before) : this.#findCause(jwt, before, ledger);
    if (!isSameToken) ledger.renewPending = false;
    if (cause !== undefined) return;
    ledger.extras += 1;
    const what = isSameToken ? 'metadata' : 'token';
    if (ledger.extras > ledger.excuses)
      this.#blame(key, `I4: the ${what} was written without a cause (${ledger.excuses} excuses)`);
  }

  #findCause(jwt: ModelJwt, before: ModelSecret | undefined, ledger: Ledger): string | undefined {
    const token = this.tokenIn(before);
    const now = this.#view.now() / 1000;
    if (token === undefined) return 'no token';
    const signer = this.isKeyUsable(jwt) ? this.keyIn(keySecretOf(jwt.spec, jwt.namespace)) : token.signer;
    if (token.signer === undefined || token.signer !== signer) return 'another key';
    if (!says(token, jwt.spec, now)) return 'another spec, or expired';
    if (ledger.renewPending) return 'renewal asked for';
    const { lifetime, resignBefore } = lifetimesOf(jwt.spec);
    const jitter = Math.min(resignBefore / 10, 300, (lifetime - resignBefore) / 2);
    return token.exp - now <= resignBefore + jitter ? 'due' : undefined;
  }

  #seenSince(key: string, from: number): readonly ModelJwt[] {
    return within(this.#ledger(key).states, from).flatMap(({ jwt }) => (jwt === undefined ? [] : [jwt]));
  }

  #blame(key: string, what: string): void {
    this.violations.push(`${what}: ${this.#describe(key)}`);
  }

  #describe(key: string): string {
    const secret = this.#cluster.secrets.get(key);
    const token = this.tokenIn(secret);
    return JSON.stringify({
      key,
      spec: this.#cluster.jwts.get(key)?.spec,
      status: this.#cluster.jwts.get(key)?.status['conditions'],
      secret:
        secret === undefined
          ? 'none'
          : { paths: [...secret.fields.keys()], revision: secret.resourceVersion },
      token: token === undefined ? 'none' : { ...token.header, ...token.claims, signer: token.signer },
      now: this.#view.now() / 1000,
    });
  }

  #ledger(key: string): Ledger {
    const known = this.#ledgers.get(key);
    if (known !== undefined) return known;
    const noted = { excuses: 0, extras: 0, states: [], published: undefined };
    const ledger = { ...noted, excusedUntil: 0, renewPending: false };
    this.#ledgers.set(key, ledger);
    return ledger;
  }
}
