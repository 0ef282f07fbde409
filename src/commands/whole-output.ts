import { fstatSync, writeSync } from 'node:fs';
import type { TextSink } from './io.ts';

/**
 * The sink of a stream to which commands print: it takes a text as a whole, or the stream gets the event `error`, and no more is
 * written. Node's own stream to a file says nothing when a disk that fills up has taken only the beginning.
 */
export function wholeOutput(stream: NodeJS.WriteStream & { readonly fd: number }): TextSink {
  if (!fstatSync(stream.fd).isFile()) return stream;
  let hasFailed = false;
  return {
    write: (text) => {
      if (hasFailed) return;
      try {
        for (let rest = Buffer.from(text); rest.length > 0;) rest = rest.subarray(writeSync(stream.fd, rest));
      } catch (error) {
        hasFailed = true;
        stream.emit('error', error);
      }
    },
  };
}
