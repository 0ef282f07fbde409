import { setImmediate } from 'node:timers/promises';

/** Turns of the event loop; one in which nothing is to be done takes some microseconds. */
const TURNS = 32;
/** Others get no more than this at once: what gives way has work as well. */
const MAX_GIVE_WAY_MS = 20;

/**
 * Lets the event loop turn for others. One turn is not enough for those who connect: in each the loop accepts one connection
 * of each listening socket (libuv, since 1.46), and while hundreds of a hostile client wait to be accepted, one of the API
 * server waits behind them.
 */
export async function giveWay(): Promise<void> {
  const startedAt = performance.now();
  for (let turn = 0; turn < TURNS && performance.now() - startedAt < MAX_GIVE_WAY_MS; turn += 1)
    await setImmediate();
}
