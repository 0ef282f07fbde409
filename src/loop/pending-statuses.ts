import type { Jwt } from '../resources/jwt.ts';
import type { RecordedStatus } from '../resources/recorded-status.ts';

interface Draft {
  readonly tokenId: string;
  readonly status: RecordedStatus;
}

/** The most drafts of one JWT: more tries than are made before the first of them arrives, late. */
const MAX_DRAFTS = 16;
/**
 * The most drafts of all JWTs, each some 1 to 3 KB. With more, those whose token was written longest ago are signed once more if
 * their status could not be written either.
 */
const MAX_DRAFTS_OF_ALL = 10_000;

/**
 * The statuses that belong to tokens that are being written. When a write fails, it is not known whether it arrived; the
 * token found in the Secret afterwards shows it. If it is one noted here, its status counts as recorded. Otherwise the
 * cause of the signature would still seem to exist, and each try would sign once more.
 */
export class PendingStatuses {
  /** Drafts by the uid of the JWT; those that were noted last are at the end. */
  readonly #drafts = new Map<string, readonly Draft[]>();
  #count = 0;

  /** A token of that id is about to be written, and the status after it. */
  note(uid: string, tokenId: string, status: RecordedStatus): void {
    const earlier = this.#drafts.get(uid) ?? [];
    this.#keep(uid, [...earlier, { tokenId, status }].slice(-MAX_DRAFTS));
    for (const oldest of this.#drafts.keys()) {
      if (this.#count <= MAX_DRAFTS_OF_ALL) break;
      this.forget(oldest);
    }
  }

  /** The API server refused the token of that id: it is in no Secret. */
  drop(uid: string, tokenId: string): void {
    const others = this.#drafts.get(uid)?.filter((each) => each.tokenId !== tokenId) ?? [];
    this.#keep(uid, others);
  }

  /** The JWT with the status that belongs to the token in its Secret; `tokenId` is that token's. */
  recall(jwt: Jwt, tokenId: unknown): Jwt {
    const draft = this.#drafts.get(jwt.uid)?.find((each) => each.tokenId === tokenId);
    const isRecorded = draft === undefined || jwt.recorded.tokenId === tokenId;
    return isRecorded ? jwt : { ...jwt, recorded: draft.status };
  }

  /** The status was written, or the JWT is gone. */
  forget(uid: string): void {
    this.#keep(uid, []);
  }

  #keep(uid: string, drafts: readonly Draft[]): void {
    this.#count += drafts.length - (this.#drafts.get(uid)?.length ?? 0);
    this.#drafts.delete(uid);
    if (drafts.length > 0) this.#drafts.set(uid, drafts);
  }
}
