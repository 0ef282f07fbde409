import type { Jwt } from '../resources/jwt.ts';
import type { RecordedStatus } from '../resources/recorded-status.ts';
import { isSameStatus } from '../reconcile/desired-status.ts';

interface Version {
  readonly recorded: string;
  readonly proved: string;
}

/**
 * Versions of key objects that were read, hold the recorded key, and are not in any status yet. An annotation on a key
 * Secret that three hundred JWTs share changes its version and nothing else: that alone does not justify writing three
 * hundred statuses. The version is written with the next change of the status; a replica that starts before that reads the
 * key once.
 */
export class ProvedVersions {
  readonly #byUid = new Map<string, Version>();

  /** Takes note of the version where that is all that is new in `status`; true then, as the status need not be written. */
  absorb({ uid, recorded }: Jwt, { keyVersion: proved, ...rest }: RecordedStatus): boolean {
    const { keyVersion } = recorded;
    if (keyVersion === undefined || proved === undefined || keyVersion === proved) return false;
    if (!isSameStatus({ ...rest, keyVersion }, recorded)) return false;
    this.#byUid.set(uid, { recorded: keyVersion, proved });
    return true;
  }

  /** The JWT with the version that was proved since its status was written. */
  recall(jwt: Jwt): Jwt {
    const version = this.#byUid.get(jwt.uid);
    if (version === undefined || jwt.recorded.keyVersion !== version.recorded) return jwt;
    return { ...jwt, recorded: { ...jwt.recorded, keyVersion: version.proved } };
  }

  /** The JWT is gone. */
  forget(uid: string): void {
    this.#byUid.delete(uid);
  }
}
