import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { openLanes, type Load } from './load.ts';

/** Reviews, one at a time on each connection, sent by a thread of its own until they are counted. */
export interface ReviewStream {
  /** Ends the stream. Gives the number of reviews, and the longest time of one in milliseconds. */
  stop(): Promise<ReviewCount>;
}

export interface ReviewCount {
  readonly reviews: number;
  readonly longest: number;
}

/**
 * Pause between two reviews of a connection. Some hundred reviews a second are more than a large cluster has.
 * Without a pause they would fill both cores, and the longest time would be that of the kernel's scheduler.
 */
const PAUSE_MS = 5;
/** Reviews until both sides have compiled their code. */
const WARM_UP = 1_000;

/**
 * Runs in a thread with a heap and an event loop of its own: otherwise other work of the benchmark, and
 * garbage collection of its heap, would count as time of the service.
 */
export async function streamReviews(load: Load): Promise<ReviewStream> {
  const worker = new Worker(new URL(import.meta.url), { workerData: load });
  await once(worker, 'message'); // its connections are open
  return {
    stop: async () => {
      const counted = once(worker, 'message');
      worker.postMessage('stop');
      const [count] = await counted;
      await worker.terminate();
      return count;
    },
  };
}

async function sendUntilStopped(load: Load): Promise<void> {
  const lanes = openLanes(load);
  await lanes.send(WARM_UP);
  const stop = new AbortController();
  parentPort?.once('message', () => stop.abort());
  parentPort?.postMessage('started');
  let reviews = 0;
  let longest = 0;
  while (!stop.signal.aborted) {
    longest = Math.max(longest, ...(await lanes.send(load.connections)));
    reviews += load.connections;
    await sleep(PAUSE_MS);
  }
  lanes.close();
  parentPort?.postMessage({ reviews, longest } satisfies ReviewCount);
}

if (!isMainThread) await sendUntilStopped(workerData);
