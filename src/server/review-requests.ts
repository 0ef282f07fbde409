import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { fail, ok, type Result } from '../resources/result.ts';
import { BytesInFlight, isFree } from './bytes-in-flight.ts';
import type { ClientConnections } from './client-connections.ts';
import { refuseRequest } from './http-problems.ts';
import { excessOf, type JsonBounds } from './json-bounds.ts';
import { receiveBody } from './receive-body.ts';
import { ReviewTurns } from './review-turns.ts';

/** Objects have up to 3 MiB; a review of an update carries two, with some room for escapes. */
const BODY_LIMIT = 8 * 1024 * 1024;

const ANSWER_TYPE = 'application/json';
const JSON_TYPE = /^application\/json[\t ]*(?:;|$)/i;

/** An HTTP status, and a text where the usual one says too little. */
type HttpProblem = readonly [status: number, message?: string];

/** The problem of a request that can be seen before its body is read. */
function problemOfHeaders(headers: IncomingHttpHeaders, bytes: number): HttpProblem | undefined {
  const type = headers['content-type'] ?? '';
  if (type !== 'application/json' && !JSON_TYPE.test(type)) return [415];
  if ((headers['content-encoding'] ?? 'identity') !== 'identity')
    return [415, 'send the body without content-encoding'];
  return bytes > BODY_LIMIT ? [413] : undefined;
}

/** How large the body will be at most. */
function bytesOfBody(headers: IncomingHttpHeaders): number {
  if (headers['transfer-encoding'] !== undefined) return BODY_LIMIT;
  return Number(headers['content-length'] ?? 0);
}

/**
 * Reads the JSON of requests and writes their answers, within bounds: for the bytes of one body, for the bytes of all bodies
 * together, for the depth and the number of values of each, and for the time that the reviews of one client take from
 * those of the others.
 */
export class ReviewRequests {
  readonly #connections: ClientConnections;
  readonly #inFlight = new BytesInFlight();
  readonly #turns = new ReviewTurns();

  constructor(connections: ClientConnections) {
    this.#connections = connections;
  }

  /** Calls `use` with the parsed body, or refuses the request. What `use` throws becomes an internal error. */
  read(request: FastifyRequest, reply: FastifyReply, bounds: JsonBounds, use: (json: unknown) => void): void {
    const { headers } = request.raw;
    const capacity = bytesOfBody(headers);
    const problem = problemOfHeaders(headers, capacity);
    if (problem !== undefined) {
      refuseRequest(reply, ...problem);
      return;
    }
    if (!this.#hasRoom(request.raw, capacity, reply.raw)) {
      refuseRequest(reply.header('retry-after', '1'), 429);
      return;
    }
    receiveBody(request.raw, reply.raw, capacity, (body) => {
      if (body === undefined) {
        refuseRequest(reply, 413);
        return;
      }
      const owner = this.#connections.received(request.raw);
      this.#turns.take(owner, body.bytes.length, () => {
        if (request.socket.destroyed) return; // nobody waits for the answer any more
        try {
          const parsed = parseBody(body.bytes, bounds);
          body.release();
          if (parsed.ok) use(parsed.value);
          else refuseRequest(reply, ...parsed.problem);
        } catch (error) {
          void reply.send(error);
        }
      });
    });
  }

  /**
   * Writes a review's answer, which is ASCII, or a 429 where too many large answers are not read by their clients yet. False
   * then, and when nobody waits for the answer any more: the decision counts for nothing. A large one ends its connection: Node
   * keeps the buffer that it was encrypted in as long as that, and hundreds of clients that ask for 1 MiB each would hold as
   * much memory for nothing. It needs nothing that Fastify's `send` would do, which takes 4 % of a review's CPU.
   */
  send(reply: FastifyReply, text: string): boolean {
    if (reply.raw.destroyed) return false;
    if (!this.#hasRoom(reply.request.raw, text.length, reply.raw)) {
      refuseRequest(reply.header('retry-after', '1'), 429);
      return false;
    }
    reply.hijack();
    reply.raw.writeHead(200, {
      'content-type': ANSWER_TYPE,
      'content-length': text.length,
      ...(isFree(text.length) ? {} : { connection: 'close' }),
    });
    reply.raw.end(text, 'latin1'); // to write it as UTF-8, Node would measure it and take three times its memory
    return true;
  }

  #hasRoom(request: IncomingMessage, bytes: number, response: ServerResponse): boolean {
    return isFree(bytes) || this.#inFlight.take(this.#connections.ownerOf(request), bytes, response);
  }
}

function parseBody(body: Buffer, bounds: JsonBounds): Result<unknown, HttpProblem> {
  const excess = excessOf(body, bounds);
  if (excess !== undefined) return fail([413, excess]);
  try {
    const json: unknown = JSON.parse(body.toString());
    return ok(json);
  } catch {
    return fail([400]);
  }
}
