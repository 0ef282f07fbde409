import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Milliseconds } from '../time/units.ts';
import { timeForAnswer } from './answer-time.ts';
import type { ClientConnections } from './client-connections.ts';

/** The client of a review that waits for its answer, for routes that have to wait themselves. Each is asked for when needed. */
export interface Patience {
  /** Its address. */
  readonly owner: () => string;
  /** The time until the API server gives up. */
  readonly timeLeft: () => Milliseconds;
  /**
   * Aborted when the client hangs up: the budget of its body is free then, so nothing of its review may be kept any longer.
   */
  readonly gone: () => AbortSignal;
}

/** `query` is that of the request's URL. */
export function patienceOf(
  connections: Pick<ClientConnections, 'ownerOf'>,
  request: IncomingMessage,
  response: ServerResponse,
  query: string,
): Patience {
  return {
    owner: () => connections.ownerOf(request),
    timeLeft: () => timeForAnswer(query),
    gone: () => {
      const gone = new AbortController();
      if (response.destroyed) gone.abort();
      else response.once('close', () => gone.abort());
      return gone.signal;
    },
  };
}
