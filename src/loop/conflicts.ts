import { keepLatest } from './keep-latest.ts';

/** The object that a write was made from: the Secret with the token, or the JWT, for its status. */
type WrittenFrom = 'token' | 'jwt';

/** A watch that works has reported the change before the second try, or before the third one at the latest. */
const MAX_UNREPORTED = 2;

/**
 * JWTs remembered, of each source; each costs some 100 bytes. With more, those that were refused longest ago count from none
 * again. A round that outlives its JWT leaves an entry that nobody else removes.
 */
const MAX_JWTS = 10_000;

/**
 * Writes in a row that were refused because what they were made from had changed, or was gone. A watch can stay behind for
 * hours while reads and writes work, and each further write would be refused as well: so what it should have reported is read
 * before the third one.
 */
export class Conflicts {
  /** Conflicts in a row by the uid of the JWT; the ones refused last are at the end. */
  readonly #inARow: Readonly<Record<WrittenFrom, Map<string, number>>> = { token: new Map(), jwt: new Map() };

  /** A write was refused. */
  note(uid: string, source: WrittenFrom): void {
    const entries = this.#inARow[source];
    keepLatest(entries, uid, (entries.get(uid) ?? 0) + 1, MAX_JWTS);
  }

  /** Whether the next write is not made from what the caches show. */
  mustRead(uid: string, source: WrittenFrom): boolean {
    return (this.#inARow[source].get(uid) ?? 0) >= MAX_UNREPORTED;
  }

  /** A write was made, or is not needed: the caches show what the API server has. */
  end(uid: string, source: WrittenFrom): void {
    this.#inARow[source].delete(uid);
  }

  /** The JWT is gone. */
  forget(uid: string): void {
    this.end(uid, 'token');
    this.end(uid, 'jwt');
  }
}
