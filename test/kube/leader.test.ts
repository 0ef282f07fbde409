import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCandidate, FakeLease, type Candidate } from './fake-lease.ts';
import { virtualClock } from '../time/virtual-clock.ts';

const LONG_MS = 60_000;

function startTwo() {
  const clock = virtualClock();
  const lease = new FakeLease();
  const a = createCandidate(lease, clock, 'a');
  const b = createCandidate(lease, clock, 'b');
  const isLed = (candidate: Candidate) => (): boolean => candidate.leader.isLeader();
  return { clock, lease, a, b, isLed };
}

async function startAlone() {
  const all = startTwo();
  all.a.leader.start();
  assert.ok(await all.clock.advanceUntil(all.isLed(all.a), LONG_MS));
  return all;
}

async function electA() {
  const all = await startAlone();
  all.b.leader.start();
  await all.clock.advance(1_000);
  return all;
}

test('the first candidate creates the Lease and soon leads', async () => {
  const { clock, lease, a, isLed } = startTwo();
  a.leader.start();
  assert.equal(a.leader.isLeader(), false);
  assert.ok(await clock.advanceUntil(isLed(a), 1_000));
  assert.deepEqual(a.events, ['started']);
  assert.equal(lease.state?.holder, 'a');
  assert.equal(lease.state.duration, 15_000);
});

test('a standby sends nothing while the leader renews, and never leads at the same time', async () => {
  const { clock, a, b } = await electA();
  const before = a.sent();
  await clock.advance(10 * LONG_MS);
  assert.equal(b.sent(), 0);
  assert.equal(b.leader.isLeader(), false);
  assert.equal(a.leader.isLeader(), true);
  const renewals = a.sent() - before;
  assert.ok(renewals >= 290 && renewals <= 300, `${renewals} renewals in 10 min`);
});

test('a leader that stops hands over at once', async () => {
  const { clock, lease, a, b, isLed } = await electA();
  const stopping = a.leader.stop();
  assert.ok(await clock.advanceUntil(isLed(b), 500));
  await stopping;
  assert.equal(a.leader.isLeader(), false);
  assert.deepEqual(a.events, ['started']);
  assert.equal(lease.state?.holder, 'b');
  assert.equal(lease.state.transitions, 1);
});

test('a Lease whose watch never says anything is read, and led as soon as it is free', async () => {
  const { clock, lease, a, isLed } = startTwo();
  a.blind = true;
  a.leader.start();
  assert.ok(await clock.advanceUntil(isLed(a), 16_000));
  await clock.advance(LONG_MS);
  assert.deepEqual([a.events, a.problems, lease.state?.holder], [['started'], [], 'a']);
});

test('a standby whose watch never says anything asks now and then, and leads when the leader is gone', async () => {
  const { clock, a, b, isLed } = startTwo();
  b.blind = true;
  a.leader.start();
  assert.ok(await clock.advanceUntil(isLed(a), LONG_MS));
  b.leader.start();
  await clock.advance(10 * LONG_MS);
  assert.deepEqual([a.events, b.events, b.problems], [['started'], [], []]);
  assert.ok(b.sent() <= 100, `${b.sent()} requests in 10 min`);
  a.pause('process');
  assert.ok(await clock.advanceUntil(isLed(b), LONG_MS));
});

test('a Lease that neither is watched nor can be read is reported at each try', async () => {
  const { clock, a, isLed } = startTwo();
  a.down = true;
  a.leader.start();
  await clock.advance(10 * LONG_MS);
  assert.ok(a.problems.length >= 20 && a.problems.length <= 60, `${a.problems.length} tries in 10 min`);
  a.down = false;
  assert.ok(await clock.advanceUntil(isLed(a), LONG_MS));
});

test('a leader that is stopped before its watch has said anything asks nothing more', async () => {
  const { clock, a } = startTwo();
  a.blind = true;
  a.leader.start();
  await clock.advance(5_000);
  const stopping = a.leader.stop();
  await clock.advance(LONG_MS);
  await stopping;
  assert.deepEqual([a.sent(), clock.pending()], [0, 0]);
});

test('a leader that was stopped before its start sends nothing and watches nothing', async () => {
  const { clock, lease, a } = startTwo();
  await a.leader.stop();
  a.leader.start();
  await clock.advance(LONG_MS);
  assert.deepEqual([a.sent(), lease.watchers.size, clock.pending()], [0, 0, 0]);
});

test('a released Lease has no holder and lasts one second', async () => {
  const { clock, lease, a } = startTwo();
  a.leader.start();
  await clock.advance(5_000);
  const stopping = a.leader.stop();
  await clock.advance(5_000);
  await stopping;
  assert.equal(lease.state?.holder, '');
  assert.equal(lease.state.duration, 1_000);
  assert.equal(clock.pending(), 0);
});

test('after the leader was killed, the standby leads when the Lease has not changed for 15 s', async () => {
  const { clock, a, b, isLed } = await electA();
  await clock.advance(2_000);
  a.pause('process');
  const killedAt = clock.monotonic();
  assert.ok(await clock.advanceUntil(isLed(b), LONG_MS));
  const took = clock.monotonic() - killedAt;
  assert.ok(took >= 13_000 && took <= 18_000, `${took} ms`);
});

test('a leader that cannot reach the API server gives up before anyone else leads', async () => {
  const { clock, a, b, isLed } = await electA();
  a.down = true;
  assert.ok(await clock.advanceUntil(() => !a.leader.isLeader(), LONG_MS));
  assert.equal(b.leader.isLeader(), false);
  assert.ok(await clock.advanceUntil(() => a.events.includes('lost'), 2_000));
  assert.ok(a.problems.length >= 2, 'it tried more than once');
  assert.ok(await clock.advanceUntil(isLed(b), LONG_MS));
  a.down = false;
  await clock.advance(LONG_MS);
  assert.deepEqual(a.events, ['started', 'lost']);
  assert.equal(b.leader.isLeader(), true);
});

test('a leader survives an API server that is down for less than the deadline', async () => {
  const { clock, a } = await electA();
  a.down = true;
  await clock.advance(6_000);
  a.down = false;
  await clock.advance(LONG_MS);
  assert.equal(a.leader.isLeader(), true);
  assert.deepEqual(a.events, ['started']);
});

test('a leader survives an API server whose answers all take almost the deadline of a request', async () => {
  const { clock, a } = await electA();
  a.latencyMs = 4_900;
  await clock.advance(LONG_MS);
  assert.deepEqual(a.events, ['started']);
});

test('a leader whose answer got lost recognises its own write', async () => {
  const { clock, a } = await electA();
  a.mute = true;
  await clock.advance(4_000);
  a.mute = false;
  await clock.advance(LONG_MS);
  assert.equal(a.leader.isLeader(), true);
  assert.deepEqual(a.events, ['started']);
});

test('a leader that was stopped for a minute does not act as leader when it continues', async () => {
  for (const what of ['process', 'machine'] as const) {
    const { clock, a, b, isLed } = await electA();
    a.pause(what);
    assert.ok(await clock.advanceUntil(isLed(b), LONG_MS));
    await clock.advance(LONG_MS);
    a.resume();
    assert.equal(a.leader.isLeader(), false, what);
    await clock.advance(LONG_MS);
    assert.equal(a.leader.isLeader(), false, what);
    assert.deepEqual(a.events, ['started', 'lost']);
  }
});

test('leadership that was in doubt begins a new term, also if no other process took over', async () => {
  for (const what of ['process', 'machine'] as const) {
    const { clock, a, isLed } = await startAlone();
    // When the monotonic clock of a machine stands still, its wall clock shows it.
    a.pause(what);
    await clock.advance(11_000);
    a.resume();
    assert.equal(a.leader.isLeader(), false, what);
    assert.ok(await clock.advanceUntil(isLed(a), 5_000));
    assert.deepEqual(a.events, ['started', 'lost', 'started'], what);
  }
});

test('a wall clock that steps ahead only costs the leader a new term', async () => {
  const { clock, a } = await electA();
  a.skewMs += 12_000;
  await clock.advance(3_000);
  assert.equal(a.leader.isLeader(), true);
  assert.deepEqual(a.events, ['started', 'lost', 'started']);
});

test('after a refusal, writes are refused until the new term, even if the clock is corrected meanwhile', async () => {
  const { clock, a } = await electA();
  a.skewMs += 12_000;
  assert.equal(a.leader.isLeader(), false);
  a.skewMs -= 12_000;
  assert.equal(a.leader.isLeader(), false);
  await clock.advance(3_000);
  assert.equal(a.leader.isLeader(), true);
  assert.deepEqual(a.events, ['started', 'lost', 'started']);
});

test('a renewal that takes long enough to put leadership in doubt begins a new term', async () => {
  const { clock, a } = await startAlone();
  a.latencyMs = 4_900;
  await clock.advance(3_000);
  a.skewMs += 12_000; // while the renewal is being sent
  await clock.advance(5_000); // and nobody asks whether it leads
  a.skewMs -= 12_000;
  await clock.advance(15_000);
  assert.deepEqual(a.events, ['started', 'lost', 'started']);
});

test('a wall clock that is set back only costs the leader a renewal', async () => {
  const { clock, a } = await electA();
  a.skewMs -= 7_200_000;
  await clock.advance(3_000);
  assert.equal(a.leader.isLeader(), true);
  assert.deepEqual(a.events, ['started']);
});

test('a deleted Lease is re-created', async () => {
  const { clock, lease, a, b } = await electA();
  lease.delete();
  await clock.advance(LONG_MS);
  assert.notEqual(a.leader.isLeader(), b.leader.isLeader());
});

test('a Lease that another process takes between a write and its answer is not held', async () => {
  const { clock, lease, a } = startTwo();
  lease.onWritten = () => {
    lease.onWritten = undefined;
    lease.write({ holder: 'x', duration: 15_000, transitions: 9 }, lease.state);
  };
  a.leader.start();
  await clock.advance(1_000);
  assert.deepEqual([a.leader.isLeader(), a.events], [false, []]);
});

test('a Lease that cannot be written is tried again, each time with the problem', async () => {
  const { clock, lease, a, isLed } = startTwo();
  lease.refusal = new Error('no such namespace');
  a.leader.start();
  await clock.advance(LONG_MS);
  assert.ok(a.problems.length > 10 && a.problems.length < 40, `${a.problems.length} tries in a minute`);
  assert.equal(a.problems[0], lease.refusal);
  lease.refusal = undefined;
  assert.ok(await clock.advanceUntil(isLed(a), 5_000));
});

test('a Lease with the maximum number of transitions is taken over, and counts from 0 again', async () => {
  const { clock, lease, a, isLed } = startTwo();
  lease.write({ holder: 'x', duration: 15_000, transitions: 2 ** 31 - 1 }, undefined);
  a.leader.start();
  assert.ok(await clock.advanceUntil(isLed(a), LONG_MS));
  assert.equal(lease.state?.transitions, 0);
});

test('a Lease that a user edits ends leadership at once', async () => {
  const { clock, lease, a } = await electA();
  lease.write({ holder: 'x', duration: 15_000, transitions: 9 }, lease.state);
  await clock.advance(100);
  assert.equal(a.leader.isLeader(), false);
  await clock.advance(100);
  assert.deepEqual(a.events, ['started', 'lost']);
});
