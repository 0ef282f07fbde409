import type { IncomingMessage } from 'node:http';

/**
 * Reads a body of at most `capacity` bytes and calls `done` with all of it, `undefined` when there is more; never, when
 * the client breaks off. What it takes is as large as the body, however small the pieces are that come: each is a Buffer,
 * which costs hundreds of bytes by itself.
 */
export function receiveBody(
  request: IncomingMessage,
  capacity: number,
  done: (body: Buffer | undefined) => void,
): void {
  let body: Buffer | undefined;
  let length = 0;
  const onData = (piece: Buffer): void => {
    if (length + piece.length > capacity) {
      request.off('data', onData).off('end', onEnd);
      done(undefined);
      return;
    }
    if (piece.length === capacity) body = piece;
    else piece.copy((body ??= Buffer.allocUnsafeSlow(capacity)), length); // pages not written to take no memory
    length += piece.length;
  };
  const onEnd = (): void => done(body?.subarray(0, length) ?? Buffer.alloc(0));
  request.on('data', onData).on('end', onEnd);
}
