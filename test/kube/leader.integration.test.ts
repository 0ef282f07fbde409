import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { KubeClient } from '../../src/kube/client.ts';
import { startEventRecorder } from '../../src/kube/events.ts';
import { KubeError } from '../../src/kube/errors.ts';
import { accessLease } from '../../src/kube/lease.ts';
import { Leader } from '../../src/kube/leader.ts';
import { systemClock } from '../../src/time/clock.ts';
import { member, objectMember, stringMember, type JsonObject } from '../../src/resources/json.ts';
import { SILENT, borrowRealCluster, until, type RealCluster } from './real-cluster.ts';

let cluster: RealCluster;
before(async () => {
  cluster = await borrowRealCluster();
});
after(async () => {
  await cluster[Symbol.asyncDispose]();
});

const LEASE = '/apis/coordination.k8s.io/v1/namespaces/jwt-injector/leases/jwt-injector';

/**
 * How long a Lease lasts: long compared with the time that a busy machine needs to renew it, short enough to
 * wait for its end.
 */
const DURATION_MS = 10_000;
/**
 * Longer than the test waits for a standby: a standby that leads earlier did not wait for the end of the
 * Lease.
 */
const LONG_DURATION_MS = 60_000;

/**
 * The largest difference between the clock of the times in the Lease and the clock that counts waiting times.
 */
const CLOCK_MS = 100;

const FORBIDDEN = new KubeError({ verb: 'list', resource: 'leases', status: 403, reason: 'Forbidden' });

/**
 * A candidate whose requests are counted, and that can be disconnected from the API server; `isBlind`: it has no right to list
 * or watch Leases.
 */
function candidate(identity: string, duration = DURATION_MS, isBlind = false) {
  const state = { sent: 0, cut: false, events: [] as string[], problems: [] as unknown[] };
  const counted =
    <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
    (...args: A): Promise<R> => {
      state.sent += 1;
      return state.cut ? Promise.reject(new Error('cut off')) : call(...args);
    };
  const { service } = cluster;
  const client: Pick<KubeClient, 'get' | 'create' | 'mergePatch' | 'listMapped' | 'watch'> = {
    get: counted(service.get),
    create: counted(service.create),
    mergePatch: counted(service.mergePatch),
    listMapped: isBlind ? () => Promise.reject(FORBIDDEN) : service.listMapped,
    watch: service.watch,
  };
  const leader = new Leader({
    lease: accessLease({ client, namespace: 'jwt-injector', clock: systemClock, log: SILENT }),
    clock: systemClock,
    identity,
    duration,
    renewDeadline: duration * 0.8,
    retryPeriod: 500,
    onStarted: () => state.events.push('started'),
    onLost: async () => void state.events.push('lost'),
    onProblem: (error) => state.problems.push(error),
  });
  return { state, leader };
}

test('two candidates with the shipped rights: one leads, hands over when stopped, and is replaced when killed', async (t) => {
  const [a, b, c] = [candidate('a', LONG_DURATION_MS), candidate('b'), candidate('c')];
  t.after(() => stopAll([a, b, c]));
  a.leader.start();
  await until(() => a.leader.isLeader(), 'a');
  b.leader.start();
  const sent = a.state.sent;
  const heldSince = performance.now();
  await until(() => a.state.sent >= sent + 4, 'renewals');
  assert.ok(performance.now() - heldSince >= 1_400, 'one each half second, no more');
  assert.equal(b.state.sent, 0, 'a warm standby sends nothing');
  assert.equal(b.leader.isLeader(), false);

  const spec = member(await cluster.admin.get(LEASE), 'spec');
  assert.equal(stringMember(spec, 'holderIdentity'), 'a');
  assert.equal(member(spec, 'leaseDurationSeconds'), 60);
  assert.match(stringMember(spec, 'renewTime') ?? '', /\.\d{6}Z$/);

  const stopping = a.leader.stop();
  await until(() => b.leader.isLeader(), 'b'); // long before the end of the Lease
  await stopping;
  assert.equal(a.leader.isLeader(), false);

  c.leader.start();
  await systemClock.sleep(500);
  b.state.cut = true; // like a killed process: no request of it reaches the API server any more
  let renewedAt = 0;
  await until(async () => {
    const seen = member(await cluster.admin.get(LEASE), 'spec');
    if (stringMember(seen, 'holderIdentity') === 'b') renewedAt = timeOf(seen, 'renewTime');
    return c.leader.isLeader();
  }, 'c');
  assert.equal(b.leader.isLeader(), false);
  assert.deepEqual(b.state.events, ['started', 'lost']);
  const taken = member(await cluster.admin.get(LEASE), 'spec');
  assert.equal(member(taken, 'leaseTransitions'), 2);
  const waited = timeOf(taken, 'acquireTime') - renewedAt;
  assert.ok(waited >= DURATION_MS - CLOCK_MS, `c took the Lease ${waited} ms after b's last renewal`);
  await Promise.all([b.leader.stop(), c.leader.stop()]);
  assert.deepEqual([...a.state.problems, ...c.state.problems], []);
  const released = member(await cluster.admin.get(LEASE), 'spec');
  assert.equal(stringMember(released, 'holderIdentity') ?? '', '');
});

/** Also after a failure: otherwise they and this process would never end. */
async function stopAll(all: readonly Pick<ReturnType<typeof candidate>, 'leader'>[]): Promise<void> {
  await Promise.all(all.map(({ leader }) => leader.stop()));
}

/** A time of a Lease, in milliseconds. */
function timeOf(spec: unknown, name: 'acquireTime' | 'renewTime'): number {
  return Date.parse(stringMember(spec, name) ?? '');
}

test('three candidates that start at once have one leader, and elect another one after the Lease is deleted', async (t) => {
  const all = ['x', 'y', 'z'].map((identity) => candidate(identity));
  t.after(() => stopAll(all));
  for (const { leader } of all) leader.start();
  const leaders = (): number => all.filter(({ leader }) => leader.isLeader()).length;
  await until(() => leaders() === 1, 'a leader');
  await cluster.controlPlane.kubectl(['delete', 'lease', 'jwt-injector', '-n', 'jwt-injector']);
  await until(() => all.some(({ state }) => state.events.includes('lost')), 'its loss');
  await until(() => leaders() === 1, 'the next leader');
});

test('candidates that may neither list nor watch Leases: one leads, and the next one when it stops', async (t) => {
  const [a, b] = [candidate('a', DURATION_MS, true), candidate('b', DURATION_MS, true)];
  t.after(() => stopAll([a, b]));
  a.leader.start();
  await until(() => a.leader.isLeader(), 'a');
  b.leader.start();
  await systemClock.sleep(1.5 * DURATION_MS);
  assert.deepEqual([a.state.events, b.state.events, b.state.problems], [['started'], [], []]);
  await a.leader.stop();
  await until(() => b.leader.isLeader(), 'b');
});

const EVENTS = '/apis/events.k8s.io/v1/namespaces/default/events';

async function eventsOf(reason: string): Promise<readonly JsonObject[]> {
  const { items } = await cluster.admin.list(EVENTS);
  return items.filter((event) => event['reason'] === reason);
}

test('a repetition is one Event with a series, as kubectl shows it', async () => {
  const recorder = startEventRecorder({
    client: cluster.service,
    clock: systemClock,
    log: SILENT,
    instance: `pod-${'x'.repeat(200)}`,
  });
  const regarding = { namespace: 'default', name: `n${'.long'.repeat(50)}`, uid: 'c0ffee' };
  const occurrence = { regarding, type: 'Warning', reason: 'KeyNotFound', action: 'Ready' } as const;
  recorder.publish({ ...occurrence, note: `the key is not there: ${'ä'.repeat(2_000)}` });
  await until(async () => (await eventsOf('KeyNotFound')).length === 1, 'the Event');
  recorder.publish({ ...occurrence, note: 'other words for the same' });
  const countOf = async (): Promise<unknown> => {
    const [event] = await eventsOf('KeyNotFound');
    return member(objectMember(event, 'series'), 'count');
  };
  await until(async () => (await countOf()) === 2, 'its series');
  recorder.publish({ ...occurrence, reason: 'KeyMismatch', note: 'another' });
  await until(async () => (await eventsOf('KeyMismatch')).length === 1, 'the other Event');
  await recorder.stop();
  const events = await eventsOf('KeyNotFound');
  assert.equal(events.length, 1);
  const [event] = events;
  assert.equal(stringMember(event, 'reportingController'), 'jwt-injector');
  assert.equal(stringMember(objectMember(event, 'regarding'), 'kind'), 'JWT');
  const { stdout } = await cluster.controlPlane.kubectl(['get', 'events', '-n', 'default']);
  assert.match(stdout, /Warning +KeyNotFound +jwt\/n\.long/);
});
