import assert from 'node:assert/strict';
import { Cache, type Change } from '../../src/kube/watch/cache.ts';
import { startListWatch, type ListWatch, type ListWatchOptions } from '../../src/kube/watch/list-watch.ts';
import { systemClock, type Clock } from '../../src/time/clock.ts';
import { objectMember, stringMember } from '../../src/resources/json.ts';
import { clientOf, clusterAt } from './bad-server.ts';
import { startFakeApi, type FakeApi } from './fake-api.ts';

/** A back-off of half a minute takes 0.3 s; sockets and their timeouts have real time. */
const HURRY = 100;

export const hurriedClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now() * HURRY,
  sleep: (ms, signal) => systemClock.sleep(ms / HURRY, signal),
  setTimer: (ms, action) => systemClock.setTimer(ms / HURRY, action),
};

/** As `hurriedClock`, but time only passes during its sleeps, however busy the machine is. */
export function sleptClock(): Clock {
  let slept = 0;
  return {
    ...hurriedClock,
    monotonic: () => slept,
    sleep: async (ms, signal) => {
      const wasWhole = await hurriedClock.sleep(ms, signal);
      slept += ms;
      return wasWhole;
    },
  };
}

export interface WatchedCache extends AsyncDisposable {
  readonly api: FakeApi;
  readonly cache: Cache<string>;
  readonly watch: ListWatch;
  /** `type key`, in order. */
  readonly changes: string[];
  readonly lines: { readonly level: string; readonly message: string; readonly fields: object }[];
  /** Waits until the cache holds exactly these keys. */
  holds(...keys: readonly string[]): Promise<void>;
  until(condition: () => boolean, what: string): Promise<void>;
}

/** As the service has it: a pause of a busy machine does not look like a broken connection. */
const PATIENT_MS = 60_000;

/** A list-watch on a fake API server with the Secrets `a/one` and `a/two`. The cache stores their uids. */
export async function watchFake(options: Partial<ListWatchOptions<string>> = {}): Promise<WatchedCache> {
  const api = await startFakeApi();
  api.put('a/one');
  api.put('a/two');
  const client = clientOf(clusterAt(api.server.url));
  const cache = new Cache<string>();
  const changes: string[] = [];
  const lines: WatchedCache['lines'] = [];
  const note = (level: string) => (fields: object, message: string) =>
    void lines.push({ level, message, fields });
  cache.subscribe(({ type, key }: Change<string>) => changes.push(`${type} ${key}`));
  const watch = startListWatch({
    client,
    path: '/api/v1/secrets',
    transform: (object) => stringMember(objectMember(object, 'metadata'), 'uid'),
    store: cache,
    clock: hurriedClock,
    log: { debug: note('debug'), info: note('info'), warn: note('warn') },
    silence: PATIENT_MS,
    ...options,
  });
  const until = async (condition: () => boolean, what: string): Promise<void> => {
    const end = Date.now() + 60_000;
    while (!condition()) {
      assert.ok(Date.now() < end, `not in time: ${what}`);
      await systemClock.sleep(2);
    }
  };
  return {
    api,
    cache,
    watch,
    changes,
    lines,
    until,
    holds: (...keys) => {
      const wanted = keys.toSorted().join(' ');
      return until(() => [...cache.keys()].toSorted().join(' ') === wanted, `the keys ${wanted}`);
    },
    [Symbol.asyncDispose]: async () => {
      await watch.stop();
      await client.close();
      await api[Symbol.asyncDispose]();
    },
  };
}

/** As `watchFake`, with all listed and the watch open. */
export async function inSync(options: Parameters<typeof watchFake>[0] = {}): Promise<WatchedCache> {
  const all = await watchFake(options);
  assert.equal(await all.watch.synced, true);
  await all.until(() => all.api.watching() === 1, 'the watch');
  return all;
}
