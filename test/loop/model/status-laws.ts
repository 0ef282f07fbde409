import { isDeepStrictEqual } from 'node:util';
import { arrayMember, stringMember } from '../../../src/resources/json.ts';
import { RENEW } from '../../../src/resources/names.ts';
import { conditionIn } from './condition-in.ts';
import type { Change, ModelCluster, ModelJwt } from './model-cluster.ts';
import { isOtherKeyOfKid, isThumbprint, type SeenToken } from './model-keys.ts';
import { isOurs } from './ownership.ts';
import type { ModelSecret } from './secret.ts';

/** The longest time for which a Secret that is left alone counts as contended, and a round. */
const CONTENTION_MS = 21 * 60_000;

export interface StatusLawsOptions {
  readonly cluster: ModelCluster;
  /** Milliseconds. */
  readonly monotonic: () => number;
  /** The token in the Secret of a JWT. */
  readonly tokenIn: (secret: ModelSecret | undefined) => SeenToken | undefined;
  /** Whether the Secret holds a valid token that its status proves. */
  readonly isValid: (jwt: ModelJwt) => boolean;
  readonly onViolation: (key: string, what: string) => void;
}

/** The laws about what each status says when it is written, also while there is trouble. */
export class StatusLaws {
  readonly #options: StatusLawsOptions;
  /** By JWT: when the token in its Secret changed last, or whether that Secret is its own (monotonic). */
  readonly #tokenChangedAt = new Map<string, number>();
  /** JWTs whose Secrets, or whose labels, were changed by others. */
  readonly #touched = new Set<string>();
  /** JWTs that were changed so, or whose keys were, since they exist, that another token was to be signed. */
  readonly #edited = new Set<string>();
  /** By JWT: the tokens that the service wrote last, the newest first. */
  readonly #tokens = new Map<string, readonly SeenToken[]>();
  #clockSteppedAt = -1;
  /** The API server said of a Secret that is there that it is not. */
  #areSecretsDenied = false;

  constructor(options: StatusLawsOptions) {
    this.#options = options;
  }

  /** A round that is running can have seen another time. */
  clockStepped(): void {
    this.#clockSteppedAt = this.#options.monotonic();
  }

  /** The Secret of a JWT was changed; `isByService`: by the service itself. Its other metadata say nothing of its token. */
  secretChanged({ key, before, after }: Extract<Change, { kind: 'secret' }>, isByService: boolean): void {
    if (!isByService) this.#touched.add(key);
    const jwt = this.#options.cluster.jwts.get(key);
    const stateOf = (secret: ModelSecret | undefined): string | undefined => {
      const isOwn = secret !== undefined && jwt !== undefined && isOurs(jwt, secret);
      const token = secret?.fields.get('data/token')?.value;
      return secret && JSON.stringify([token, secret.isDeleting, isOwn]);
    };
    if (stateOf(before) !== stateOf(after)) this.#tokenChangedAt.set(key, this.#options.monotonic());
  }

  /**
   * The labels of a JWT are copied to its Secret: who changes them changes that, too. Without its status, a token is signed like
   * the first.
   */
  jwtChanged({ key, before, after }: Extract<Change, { kind: 'jwt' }>, isByService: boolean): void {
    if (before?.uid !== after?.uid) this.#edited.delete(key);
    if (before === undefined || after === undefined) return;
    if (!isDeepStrictEqual(before.labels, after.labels)) this.#touched.add(key);
    const isAsked =
      !isDeepStrictEqual(before.spec, after.spec) || before.annotations[RENEW] !== after.annotations[RENEW];
    const isWiped = !isByService && !isDeepStrictEqual(before.status, after.status);
    if (isAsked || isWiped) this.#edited.add(key);
  }

  /** A Secret with a key was changed: all JWTs could sign with it. */
  keyChanged(): void {
    for (const key of this.#options.cluster.jwts.keys()) this.#edited.add(key);
  }

  /** Reads of Secrets are answered 404: the service has to believe it. */
  denySecrets(): void {
    this.#areSecretsDenied = true;
  }

  /** Writes of the service can meet a change that looks like that of another client: its own, or that of an answer 409. */
  mayConflict(keys: Iterable<string>): void {
    for (const key of keys) this.#touched.add(key);
  }

  /** The service wrote this token to the Secret. */
  tokenWritten(key: string, token: SeenToken): void {
    this.#tokens.set(key, [token, ...(this.#tokens.get(key) ?? []).slice(0, 1)]);
  }

  /** `quietSince`: the time (monotonic) by which all that happened should be answered. */
  check(key: string, { status, deletedAt }: ModelJwt, quietSince: number): void {
    const { cluster, monotonic, onViolation } = this.#options;
    const isRefused = deletedAt !== undefined || cluster.secrets.get(key)?.immutable === true;
    const isContended = conditionIn(status, 'Contended') !== undefined;
    if (isContended && !isRefused && monotonic() > quietSince + CONTENTION_MS)
      onViolation(key, 'Contended stays although nothing happens any more');
  }

  /**
   * The controller wrote a status over that of `before`. `from`: the earliest time (monotonic) whose state it could have seen. While
   * the Secret holds the recorded token, and that is valid, no status denies it or forgets it, whatever could not be read or written.
   */
  written(key: string, before: ModelJwt | undefined, from: number): void {
    const { cluster, isValid, onViolation, tokenIn } = this.#options;
    const jwt = cluster.jwts.get(key);
    if (before === undefined || jwt === undefined || jwt.deletedAt !== undefined) return;
    this.#judgeBlame(key, jwt);
    this.#judgeReuse(key, jwt, before);
    const secret = cluster.secrets.get(key);
    const isOwn = secret !== undefined && isOurs(jwt, secret) && !secret.isDeleting;
    const isRecorded = isOwn && tokenIn(secret)?.claims['jti'] === before.status['tokenId'];
    const isProved =
      before.status['keyThumbprint'] !== undefined && isValid({ ...jwt, status: before.status });
    const changedAt = Math.max(this.#tokenChangedAt.get(key) ?? -1, this.#clockSteppedAt);
    if (this.#areSecretsDenied || !isRecorded || !isProved || changedAt >= from) return;
    if (conditionIn(jwt.status, 'Ready')?.['status'] === 'False')
      onViolation(key, 'a status denies the valid token that it recorded');
    for (const fact of ['tokenId', 'issuedAt', 'expiresAt'])
      if (jwt.status[fact] !== before.status[fact])
        onViolation(key, `a status forgets the ${fact} of the token in the Secret`);
  }

  /** Nobody is said to change a Secret that nobody else changed, and no author a JWT that stayed as it is. */
  #judgeBlame(key: string, { status }: ModelJwt): void {
    const { onViolation } = this.#options;
    const message = String(conditionIn(status, 'Contended')?.['message']);
    if (message.startsWith('somebody') && !this.#touched.has(key))
      onViolation(key, 'a status accuses others of changing a Secret that none of them changed');
    if (message.startsWith('the JWT, or its key') && !this.#edited.has(key))
      onViolation(key, 'a status accuses the author of a JWT that stayed as it is, as did its key');
  }

  /**
   * The first status of a token says whether its kid was that of another key, in the token before or in one that still lives: since
   * this signature. It keeps that for 15 min, as long as verifiers keep keys, which are those of an issuer.
   */
  #judgeReuse(key: string, { spec, status }: ModelJwt, before: ModelJwt): void {
    const { onViolation } = this.#options;
    const [token, earlier] = this.#tokens.get(key) ?? [];
    const { keyId, keyThumbprint, tokenId } = before.status;
    const isFirst = token?.claims['jti'] === status['tokenId'] && earlier?.claims['jti'] === tokenId;
    if (!isFirst || token?.signer === undefined || keyThumbprint === undefined) return;
    const { signer } = token;
    const signedAt = Number(token.claims['iat']) + 60;
    const isSameKid = keyId === spec['keyId'] && earlier?.claims['iss'] === token.claims['iss'];
    const isChanged = isSameKid && !isThumbprint(keyThumbprint, signer);
    const isBack = arrayMember(before.status, 'retiredKeys').some(
      (retired) =>
        !isSameKid &&
        Date.parse(String(stringMember(retired, 'expiresAt'))) / 1000 > signedAt &&
        stringMember(retired, 'issuer') === token.claims['iss'] &&
        isOtherKeyOfKid(stringMember(retired, 'publicKey'), spec['keyId'], signer),
    );
    const since = ({ status: of }: Pick<ModelJwt, 'status'>): number =>
      Date.parse(String(conditionIn(of, 'KeyIdReused')?.['lastTransitionTime'])) / 1000;
    const isKept = isSameKid && since(before) + 15 * 60 > signedAt;
    const isReused = isChanged || isBack || isKept;
    if (isReused !== (conditionIn(status, 'KeyIdReused') !== undefined))
      onViolation(key, `KeyIdReused should be ${isReused}`);
    else if ((isChanged || isBack) && since({ status }) < signedAt)
      onViolation(key, 'KeyIdReused does not say that the key has changed again');
  }
}
