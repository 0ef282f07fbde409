import { setTimeout as sleep } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { countMet } from './met-count.ts';
import { dial } from './port-client.ts';

/** How many connections are held, and how long. */
export interface Holding {
  readonly port: number;
  readonly count: number;
  readonly holdMs: number;
  readonly isAlone: boolean;
}

/** Between two tries of a connection that was refused. */
export const TRY_AGAIN_MS = 100;
/** Among other attacks, refused connections are tried again at least this long. */
export const PATIENCE_MS = 30_000;

/**
 * Opens connections, twenty at a time, and calls `abuse` with each; one that is refused is tried again for
 * as long as they are held. Holds them all, then ends them.
 */
export async function holdConnections(
  { port, count, holdMs, isAlone }: Holding,
  abuse: (socket: TLSSocket) => void,
  reached: () => void,
): Promise<string> {
  const sockets: TLSSocket[] = [];
  let dialling = 0;
  const met = countMet(count, isAlone, reached);
  const deadline = performance.now() + (isAlone ? holdMs : Math.max(holdMs, PATIENCE_MS));
  const lane = async (): Promise<void> => {
    while (sockets.length + dialling < count) {
      dialling += 1;
      const dialled = await dial(port);
      dialling -= 1;
      met.add(typeof dialled === 'string' ? dialled : 'opened');
      if (dialled === 'unreachable') return;
      if (dialled !== 'refused') {
        sockets.push(dialled);
        abuse(dialled);
      } else if (performance.now() > deadline) return;
      else await sleep(TRY_AGAIN_MS);
    }
  };
  await Promise.all(Array.from({ length: 20 }, lane));
  if (sockets.length > 0) await sleep(holdMs);
  const open = sockets.filter(({ destroyed }) => !destroyed).length;
  for (const socket of sockets) socket.destroy();
  return `${met.words()}, ${open} still open after ${holdMs / 1000} s`;
}
