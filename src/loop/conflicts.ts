/** What a write was made from: the Secret with the token, or the JWT, for its status. */
type WrittenFrom = 'token' | 'jwt';

/** A watch that works has reported the change before the second try, or before the third one at the latest. */
const MAX_UNREPORTED = 2;

/**
 * Writes in a row that were refused because what they were made from had changed, by the uid of the JWT. A watch can stay behind
 * for hours while reads and writes work, and each further write would be refused as well: so what it should have reported is
 * read before the third one. One entry for each JWT whose last write was refused like that.
 */
export class Conflicts {
  readonly #inARow: Readonly<Record<WrittenFrom, Map<string, number>>> = { token: new Map(), jwt: new Map() };

  /** A write was refused. */
  note(uid: string, source: WrittenFrom): void {
    this.#inARow[source].set(uid, (this.#inARow[source].get(uid) ?? 0) + 1);
  }

  /** Whether the next write is not made from what the caches show. */
  mustRead(uid: string, source: WrittenFrom): boolean {
    return (this.#inARow[source].get(uid) ?? 0) >= MAX_UNREPORTED;
  }

  /** A write was made. */
  end(uid: string, source: WrittenFrom): void {
    this.#inARow[source].delete(uid);
  }

  /** The JWT is gone. */
  forget(uid: string): void {
    this.end(uid, 'token');
    this.end(uid, 'jwt');
  }
}
