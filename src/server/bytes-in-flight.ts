import type { ServerResponse } from 'node:http';
import { FairShare, RANK } from './fair-share.ts';

/** The capacity for all large bodies and answers together: under 512 MiB there is room for them beside everything else. */
const CAPACITY_BYTES = 64 * 1024 * 1024;
/** Smaller ones are free: there are no more of them than connections. */
const FREE_BYTES = 64 * 1024;

/** Whether so few bytes need not be counted: `take` would always give them. */
export function isFree(bytes: number): boolean {
  return bytes <= FREE_BYTES;
}

/**
 * The common budget of large bodies, from their headers until their answer has been taken, and of large answers, each in the
 * place of its body. When it does not suffice, the address that holds the most loses its oldest request.
 */
export class BytesInFlight {
  /** Not spare: a running request makes no room for that of an address that holds as much. */
  readonly #shares = new FairShare<ServerResponse>(CAPACITY_BYTES, () => RANK.idle);

  /**
   * Until the response is finished or aborted, instead of what was taken for it before. False when there is no room, even
   * after others had to go.
   */
  take(owner: string, bytes: number, response: ServerResponse): boolean {
    if (isFree(bytes)) return true;
    this.#shares.give(response);
    for (const loser of this.#shares.take(owner, response, bytes)) {
      if (loser === response) return false;
      loser.destroy();
    }
    response.once('close', () => this.#shares.give(response));
    return true;
  }
}
