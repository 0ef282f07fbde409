import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { openLanes, type Load } from './load.ts';

/** Reviews, one at a time on each connection, sent by a thread of its own until they are counted. */
export interface ReviewStream {
  /** Ends it; how many there were, and the longest that one took, in milliseconds. */
  stop(): Promise<ReviewCount>;
}

export interface ReviewCount {
  readonly reviews: number;
  readonly longest: number;
}

/**
 * Between two reviews of a connection. Some hundred reviews a second are more than a large cluster has; without a pause they would
 * fill both cores, and the longest wait would be for the scheduler of the kernel.
 */
const PAUSE_MS = 5;
/** Until both sides have compiled what they need. */
const WARM_UP = 1_000;

/**
 * What else the benchmark does meanwhile, and the garbage collection of its own heap, would count as time that the service
 * took. A thread with a heap and an event loop of its own has neither.
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
