import type { JsonObject } from '../resources/json.ts';
import type { Jwt } from '../resources/jwt.ts';

/**
 * What the status is to say of tokens that are being written. When a write fails nobody knows whether it arrived: the
 * token that is then found in the Secret tells. If it is the one noted here, what its status was to say counts as said.
 * Otherwise the cause of the signature would seem to be there still, and each try would sign once more.
 */
export class Unrecorded {
  readonly #drafts = new Map<string, { readonly tokenId: string; readonly status: JsonObject }>();

  /** A token of that id is about to be written, and the status after it. */
  note(uid: string, tokenId: string, status: JsonObject): void {
    this.#drafts.set(uid, { tokenId, status });
  }

  /** The JWT with the status that belongs to the token in its Secret; `tokenId` is that token's. */
  recall(jwt: Jwt, tokenId: unknown): Jwt {
    const draft = this.#drafts.get(jwt.uid);
    const isWritten = draft?.tokenId === tokenId && jwt.status['tokenId'] !== tokenId;
    return draft !== undefined && isWritten ? { ...jwt, status: draft.status } : jwt;
  }

  /** The status was written, or the JWT is gone. */
  forget(uid: string): void {
    this.#drafts.delete(uid);
  }
}
