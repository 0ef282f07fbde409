import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WatchEvent } from '../../src/kube/watch/watch-stream.ts';
import { KubeError } from '../../src/kube/errors.ts';
import { accessLease, type LeaseState } from '../../src/kube/lease.ts';
import type { JsonObject } from '../../src/resources/json.ts';
import { virtualClock } from '../time/virtual-clock.ts';

const SILENT = { debug: () => {}, info: () => {}, warn: () => {} };
const CLAIM = { holder: 'a', duration: 15_000, transitions: 0 };

const stored = (resourceVersion: string, holderIdentity: string): JsonObject => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { namespace: 'ns', name: 'jwt-injector', resourceVersion },
  spec: { holderIdentity, leaseDurationSeconds: 15, leaseTransitions: 0 },
});

const refused = (verb: string, status: number): KubeError =>
  new KubeError({ verb, resource: 'leases', namespace: 'ns', status, reason: `Test${status}` });

/** The Lease of a client whose answers and watch events are sent by the test. */
async function watchedLease(listed: readonly JsonObject[]) {
  const clock = virtualClock();
  const events = new TransformStream<WatchEvent, WatchEvent>(undefined, { highWaterMark: 100 });
  const writer = events.writable.getWriter();
  const answers: PromiseWithResolvers<JsonObject>[] = [];
  const ask = (): Promise<JsonObject> => {
    const answer = Promise.withResolvers<JsonObject>();
    answers.push(answer);
    return answer.promise;
  };
  const access = accessLease({
    client: {
      get: ask,
      create: ask,
      mergePatch: ask,
      listMapped: async (_path, { map }) => ({
        items: listed.map((each) => map(each)),
        resourceVersion: '1',
      }),
      watch: () => events.readable.values(),
    },
    namespace: 'ns',
    clock,
    log: SILENT,
  });
  const seen: (LeaseState | undefined)[] = [];
  const watch = access.watch((state) => seen.push(state));
  await clock.settle();
  return {
    access,
    seen,
    /** Answers the oldest request. */
    answer: (object: JsonObject) => answers.shift()?.resolve(object),
    refuse: (error: KubeError) => answers.shift()?.reject(error),
    show: async (type: WatchEvent['type'], object: JsonObject) => {
      await writer.write({ type, object });
      await clock.settle();
    },
    [Symbol.asyncDispose]: async () => {
      const stopped = watch.stop();
      await writer.close();
      await stopped;
    },
  };
}

test('a write that is answered after the watch reported a newer Lease gives the newer one', async () => {
  await using lease = await watchedLease([stored('5', 'x')]);
  const written = lease.access.write(CLAIM, lease.seen.at(-1), 1_000);
  await lease.show('MODIFIED', stored('6', 'a'));
  await lease.show('MODIFIED', stored('7', 'b'));
  lease.answer(stored('6', 'a'));
  assert.deepEqual([(await written)?.holder, lease.seen.at(-1)?.holder], ['b', 'b']);
});

test('a Lease that was deleted before its creation was answered does not exist', async () => {
  await using lease = await watchedLease([]);
  assert.deepEqual(lease.seen, [undefined]);
  const written = lease.access.write(CLAIM, undefined, 1_000);
  await lease.show('ADDED', stored('6', 'a'));
  await lease.show('DELETED', stored('7', 'a'));
  lease.answer(stored('6', 'a'));
  assert.equal(await written, undefined);
});

test('a late answer to a read does not replace what the watch reported meanwhile', async () => {
  await using lease = await watchedLease([stored('5', 'x')]);
  const read = lease.access.read(1_000);
  await lease.show('MODIFIED', stored('6', 'b'));
  lease.answer(stored('5', 'x'));
  assert.deepEqual([(await read)?.holder, lease.seen.at(-1)?.holder], ['b', 'b']);
});

test('an answer is used while the watch is silent, also with the lower version of a restored etcd', async () => {
  await using lease = await watchedLease([stored('5', 'x')]);
  const read = lease.access.read(1_000);
  lease.answer(stored('3', 'w'));
  assert.deepEqual([(await read)?.holder, lease.seen.at(-1)?.holder], ['w', 'w']);
});

test('a write of a Lease that another process changed or deleted gives nothing', async () => {
  await using lease = await watchedLease([stored('5', 'x')]);
  for (const status of [404, 409]) {
    const written = lease.access.write(CLAIM, lease.seen.at(-1), 1_000);
    lease.refuse(refused('patch', status));
    assert.equal(await written, undefined);
  }
});

test('a creation gives nothing if another process was faster, and fails without the namespace', async () => {
  await using lease = await watchedLease([]);
  const late = lease.access.write(CLAIM, undefined, 1_000);
  lease.refuse(refused('create', 409));
  assert.equal(await late, undefined);
  const nowhere = lease.access.write(CLAIM, undefined, 1_000);
  lease.refuse(refused('create', 404));
  await assert.rejects(nowhere, /create leases ns: 404/);
});
