import { findCondition } from '../reconcile/conditions.ts';
import { cleaningPatch, findLegacyMarks, isCleaningDue, nextCleaning } from '../reconcile/take-over.ts';
import type { Jwt } from '../resources/jwt.ts';
import type { Store } from './act.ts';

/** A token-manager that still runs needs a moment to put its marks back: so long (ms) the condition is kept. */
const GRACE_MS = 60_000;

/** What is known of token-manager's marks on one JWT after a look. Times in milliseconds since the epoch. */
export interface LegacyLook {
  /** The marks were just taken off: the JWT changed, so the next round begins anew. */
  readonly cleaned: boolean;
  /** They came back after they were taken off. */
  readonly active: boolean;
  readonly lookAgainAt: number | undefined;
}

/** Takes token-manager's marks off each JWT once, and again every hour where they come back. */
export class LegacyCleaner {
  readonly #store: Pick<Store, 'patchJwt'>;
  readonly #cleanedAt = new Map<string, number>();

  constructor(store: Pick<Store, 'patchJwt'>) {
    this.#store = store;
  }

  /** Throws what the API server answers. `now` in milliseconds since the epoch. */
  async look(jwt: Jwt, now: number): Promise<LegacyLook> {
    const cleanedAt = this.#cleanedAt.get(jwt.uid);
    const marks = findLegacyMarks(jwt);
    if (marks === undefined) {
      const isFresh = cleanedAt !== undefined && now - cleanedAt < GRACE_MS;
      const active = isFresh && findCondition(jwt.status, 'LegacyOperatorActive') !== undefined;
      return { cleaned: false, active, lookAgainAt: active ? cleanedAt + GRACE_MS : undefined };
    }
    if (!jwt.deleting && !isCleaningDue(cleanedAt, now)) {
      return { cleaned: false, active: true, lookAgainAt: nextCleaning(cleanedAt ?? now) };
    }
    await this.#store.patchJwt(jwt.namespace, jwt.name, cleaningPatch(jwt, marks));
    this.#cleanedAt.set(jwt.uid, now);
    return { cleaned: true, active: false, lookAgainAt: undefined };
  }

  /** Drops what is known of a JWT that is gone. */
  forget(uid: string): void {
    this.#cleanedAt.delete(uid);
  }
}
