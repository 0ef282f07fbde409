import type { IncomingMessage, ServerResponse } from 'node:http';

interface ReceivedBody {
  /** Empty once they were released, or the response was finished or aborted. */
  readonly bytes: Buffer;
  /** Gives their memory back now. */
  readonly release: () => void;
}

/**
 * Reads a body of at most `capacity` bytes and calls `done` with all of it, `undefined` when there is more; never, when
 * the client aborts. What it takes is as large as the body, however small the pieces are that come: each is a Buffer,
 * which costs hundreds of bytes by itself. Its memory is given back when the response was finished or aborted at the latest,
 * not at the next garbage collection, before which gigabytes of aborted bodies could pile up.
 */
export function receiveBody(
  request: IncomingMessage,
  response: ServerResponse,
  capacity: number,
  done: (body: ReceivedBody | undefined) => void,
): void {
  let body: Buffer | undefined;
  let reserved: Buffer<ArrayBuffer> | undefined;
  let length = 0;
  const release = (): void => {
    if (reserved?.buffer.detached === false) reserved.buffer.transfer(0);
  };
  const reserve = (): Buffer => {
    reserved = Buffer.allocUnsafeSlow(capacity); // pages not written to take no memory
    response.once('close', () => {
      request.off('data', onData).off('end', onEnd);
      release();
    });
    return reserved;
  };
  const onData = (piece: Buffer): void => {
    if (length + piece.length > capacity) {
      request.off('data', onData).off('end', onEnd);
      done(undefined);
      return;
    }
    if (piece.length === capacity) body = piece;
    else piece.copy((body ??= reserve()), length);
    length += piece.length;
  };
  const onEnd = (): void => done({ bytes: body?.subarray(0, length) ?? Buffer.alloc(0), release });
  request.on('data', onData).on('end', onEnd);
}
