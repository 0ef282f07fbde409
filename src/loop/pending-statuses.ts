import type { Jwt } from '../resources/jwt.ts';
import type { RecordedStatus } from '../resources/recorded-status.ts';

interface Draft {
  readonly tokenId: string;
  readonly status: RecordedStatus;
}

/** Of one JWT: more tries than are made before the first of them arrives, late. */
const MOST_DRAFTS = 16;

/**
 * The statuses that belong to tokens that are being written. When a write fails, it is not known whether it arrived; the
 * token found in the Secret afterwards shows it. If it is one noted here, its status counts as recorded. Otherwise the
 * cause of the signature would still seem to exist, and each try would sign once more.
 */
export class PendingStatuses {
  readonly #drafts = new Map<string, readonly Draft[]>();

  /** A token of that id is about to be written, and the status after it. */
  note(uid: string, tokenId: string, status: RecordedStatus): void {
    const earlier = this.#drafts.get(uid) ?? [];
    this.#drafts.set(uid, [...earlier, { tokenId, status }].slice(-MOST_DRAFTS));
  }

  /** The JWT with the status that belongs to the token in its Secret; `tokenId` is that token's. */
  recall(jwt: Jwt, tokenId: unknown): Jwt {
    const draft = this.#drafts.get(jwt.uid)?.find((each) => each.tokenId === tokenId);
    const isRecorded = draft === undefined || jwt.recorded.tokenId === tokenId;
    return isRecorded ? jwt : { ...jwt, recorded: draft.status };
  }

  /** The status was written, or the JWT is gone. */
  forget(uid: string): void {
    this.#drafts.delete(uid);
  }
}
