import { conditionIn } from './condition-in.ts';
import type { ModelCluster, ModelJwt } from './model-cluster.ts';
import type { SeenToken } from './model-keys.ts';
import { isOurs } from './ownership.ts';
import type { ModelSecret } from './secret.ts';

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
  #clockSteppedAt = -1;

  constructor(options: StatusLawsOptions) {
    this.#options = options;
  }

  /** A round that is running can have seen another time. */
  clockStepped(): void {
    this.#clockSteppedAt = this.#options.monotonic();
  }

  /** The Secret of a JWT was changed. Its other metadata say nothing of its token. */
  secretChanged(key: string, before: ModelSecret | undefined, after: ModelSecret | undefined): void {
    const jwt = this.#options.cluster.jwts.get(key);
    const stateOf = (secret: ModelSecret | undefined): string | undefined => {
      const isOwn = secret !== undefined && jwt !== undefined && isOurs(jwt, secret);
      const token = secret?.fields.get('data/token')?.value;
      return secret && JSON.stringify([token, secret.isDeleting, isOwn]);
    };
    if (stateOf(before) !== stateOf(after)) this.#tokenChangedAt.set(key, this.#options.monotonic());
  }

  /**
   * The controller wrote a status over that of `before`. `from`: the earliest time (monotonic) whose state it could have seen. While
   * the Secret holds the recorded token, and that is valid, no status denies it or forgets it, whatever could not be read or written.
   */
  written(key: string, before: ModelJwt | undefined, from: number): void {
    const { cluster, isValid, onViolation, tokenIn } = this.#options;
    const jwt = cluster.jwts.get(key);
    if (before === undefined || jwt === undefined || jwt.deletedAt !== undefined) return;
    const secret = cluster.secrets.get(key);
    const isOwn = secret !== undefined && isOurs(jwt, secret) && !secret.isDeleting;
    const isRecorded = isOwn && tokenIn(secret)?.claims['jti'] === before.status['tokenId'];
    const isProved =
      before.status['keyThumbprint'] !== undefined && isValid({ ...jwt, status: before.status });
    const changedAt = Math.max(this.#tokenChangedAt.get(key) ?? -1, this.#clockSteppedAt);
    if (!isRecorded || !isProved || changedAt >= from) return;
    if (conditionIn(jwt.status, 'Ready')?.['status'] === 'False')
      onViolation(key, 'a status denies the valid token that it recorded');
    for (const fact of ['tokenId', 'issuedAt', 'expiresAt'])
      if (jwt.status[fact] !== before.status[fact])
        onViolation(key, `a status forgets the ${fact} of the token in the Secret`);
  }
}
