import type { Jwt } from '../resources/jwt.ts';
import type { RecordedStatus } from '../resources/recorded-status.ts';
import { isSameStatus } from '../reconcile/desired-status.ts';

interface Version {
  readonly recorded: string;
  readonly proved: string;
}

/**
 * Versions of key objects that were read and hold the recorded key, and that no status tells of yet. Whoever annotates a
 * key Secret that three hundred JWTs share changes its version and nothing else: that alone is not a reason to write three
 * hundred statuses. The version is written along with the next thing that the status has to say; a replica that begins
 * before that reads the key once.
 */
export class ProvedVersions {
  readonly #byUid = new Map<string, Version>();

  /** Whether the version of the key is all that is new in `status`; then it is kept here, and the status need not be written. */
  cover({ uid, recorded }: Jwt, { keyVersion: proved, ...rest }: RecordedStatus): boolean {
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
