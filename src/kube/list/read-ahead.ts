/** Bytes of lists that may wait to be parsed, of all lists of a process together: two pages of ordinary objects. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
/** How many bytes at the end of a body hold the metadata of a list, with its continue token. */
const TAIL_BYTES = 2_048;

/** A body of an answer, as Node and undici make them. */
type Body = AsyncIterable<Buffer> & { destroy(): unknown };

/**
 * Lets bytes of lists arrive while earlier ones are parsed, as long as there is room: custom resources have the token of the
 * next page at the end of a page, and the API server prepares that page only when it is asked for. One for all lists of a
 * process, since a hundred lists may be read at once.
 */
export class ReadAhead {
  readonly #most: number;
  #waiting = 0;

  /** `most`: bytes. */
  constructor(most = MAX_WAITING_BYTES) {
    this.#most = most;
  }

  /**
   * The chunks of a body, in order. Without room a chunk is asked for when the one before was parsed. `onTail` is called with
   * the end of the body as soon as all of it has arrived. Throws what reading the body throws; destroys it if the caller
   * stops early.
   */
  async *read(body: Body, onTail: (tail: Buffer) => void): AsyncGenerator<Buffer, void> {
    // Two sides hand over chunks. `arrive` puts them into `waiting`; when there are too many it waits until the reader, below,
    // has `drained` them. The reader takes them out; when there are none left it waits until something `arrived`. Only the
    // reader makes new promises, `arrived` before it lets `arrive` go on: so no chunk is missed.
    const waiting: Buffer[] = [];
    let arrived = Promise.withResolvers<void>();
    let drained = Promise.withResolvers<void>();
    let hasEnded = false;
    let isStopped = false;
    const arrive = async (): Promise<void> => {
      let tail: Buffer = Buffer.alloc(0);
      for await (const chunk of body) {
        if (isStopped) return;
        tail = lastBytes(tail, chunk);
        waiting.push(chunk);
        this.#waiting += chunk.length;
        arrived.resolve();
        if (this.#waiting > this.#most) await drained.promise;
      }
      onTail(tail);
    };
    const arriving = arrive().finally(() => {
      hasEnded = true;
      arrived.resolve();
    });
    arriving.catch(() => undefined); // it is thrown when what arrived before was parsed
    try {
      for (;;) {
        const chunk = waiting.shift();
        if (chunk !== undefined) {
          this.#waiting -= chunk.length;
          yield chunk;
          continue;
        }
        if (hasEnded) return await arriving;
        arrived = Promise.withResolvers();
        drained.resolve();
        drained = Promise.withResolvers();
        await arrived.promise;
      }
    } finally {
      isStopped = true;
      for (const { length } of waiting) this.#waiting -= length;
      drained.resolve();
      if (!hasEnded) body.destroy();
    }
  }
}

function lastBytes(before: Buffer, chunk: Buffer): Buffer {
  if (chunk.length >= TAIL_BYTES) return chunk.subarray(-TAIL_BYTES);
  return Buffer.concat([before, chunk]).subarray(-TAIL_BYTES);
}
