import type { Seconds } from '../time/units.ts';

/** The limits that the admin of a cluster sets for JWTs. `undefined`: no limit. */
export interface SigningPolicy {
  /** A private key is not allowed in the JWT itself. */
  readonly forbidInlineKeys: boolean;
  readonly minLifetime: Seconds | undefined;
  readonly maxLifetime: Seconds | undefined;
  /** Byte for byte, as the claim `iss` will be. Not empty. */
  readonly allowedIssuers: readonly string[] | undefined;
}

/** Everything is allowed: what counts where no policy is set. */
export const NO_POLICY: SigningPolicy = {
  forbidInlineKeys: false,
  minLifetime: undefined,
  maxLifetime: undefined,
  allowedIssuers: undefined,
};
