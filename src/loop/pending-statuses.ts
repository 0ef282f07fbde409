import { isSameStatus } from '../reconcile/desired-status.ts';
import type { Jwt } from '../resources/jwt.ts';
import type { RecordedStatus } from '../resources/recorded-status.ts';
import type { SignedEntry } from './recorder.ts';

interface Draft {
  readonly signed: SignedEntry;
  readonly status: RecordedStatus;
  /** The status that the API server had when the token was signed; mostly the one that the cache keeps. */
  readonly follows: RecordedStatus;
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
 * cause of the signature would still seem to exist, and each try would sign once more. The status of a token that certainly
 * was written counts in any case, as long as that of the API server stays as it was: whatever somebody then makes of the
 * Secret, an earlier token for example, is not what was announced.
 */
export class PendingStatuses {
  /** Drafts by the uid of the JWT; those that were noted, or changed, last are at the end. */
  readonly #drafts = new Map<string, readonly Draft[]>();
  /** Signatures whose token the API server said that it wrote, or has shown; also after their drafts were forgotten. */
  readonly #arrived = new WeakSet<SignedEntry>();
  #count = 0;

  /** A token is about to be written, and the status after it; `recorded` is what the API server has. */
  note({ recorded }: Pick<Jwt, 'recorded'>, signed: SignedEntry, status: RecordedStatus): void {
    const { uid } = signed;
    const draft = { signed, status, follows: recorded };
    this.#keep(uid, [...(this.#drafts.get(uid) ?? []), draft].slice(-MAX_DRAFTS));
    for (const oldest of this.#drafts.keys()) {
      if (this.#count <= MAX_DRAFTS_OF_ALL) break;
      this.forget(oldest);
    }
  }

  /** The API server wrote the token of that id. Returns what is to be recorded of it, if that was not known before. */
  written(uid: string, tokenId: unknown): SignedEntry | undefined {
    const drafts = this.#drafts.get(uid) ?? [];
    const draft = drafts.find(({ signed }) => signed.tokenId === tokenId && !this.hasArrived(signed));
    if (draft === undefined) return undefined;
    this.#arrived.add(draft.signed);
    this.#keep(uid, drafts);
    return draft.signed;
  }

  /** Whether `written` returned that signature, so that it is recorded already. */
  hasArrived(signed: SignedEntry): boolean {
    return this.#arrived.has(signed);
  }

  /** The API server refused the token of that id: it is in no Secret. */
  drop(uid: string, tokenId: string): void {
    const others = this.#drafts.get(uid)?.filter(({ signed }) => signed.tokenId !== tokenId) ?? [];
    this.#keep(uid, others);
  }

  /**
   * The JWT, as the API server has it, with the status that it should have: of the token in its Secret (`tokenId` is that
   * token's), or of the one that was written last, if that is later.
   */
  recall(jwt: Jwt, tokenId: unknown): Jwt {
    const drafts = this.#drafts.get(jwt.uid) ?? [];
    const last = drafts.findLastIndex(
      ({ signed, follows }) => this.hasArrived(signed) && isSameStatus(follows, jwt.recorded),
    );
    const draft = drafts.slice(last + 1).find(({ signed }) => signed.tokenId === tokenId) ?? drafts[last];
    const isRecorded = draft === undefined || jwt.recorded.tokenId === draft.signed.tokenId;
    return isRecorded ? jwt : { ...jwt, recorded: draft.status };
  }

  /** Whether a token of the JWT may have been written whose status was not. */
  has(uid: string): boolean {
    return this.#drafts.has(uid);
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
