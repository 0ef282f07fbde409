import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KubeError } from '../../src/kube/errors.ts';
import { eventBody, eventName, type Occurrence } from '../../src/kube/event-body.ts';
import { startEventRecorder } from '../../src/kube/events.ts';
import type { JsonObject } from '../../src/resources/json.ts';
import { virtualClock } from '../time/virtual-clock.ts';

const MINUTE_MS = 60_000;

const missing: Occurrence = {
  regarding: { namespace: 'ns', name: 'j', uid: 'u' },
  type: 'Warning',
  reason: 'KeyNotFound',
  action: 'Ready',
  note: 'the key is not there',
};

/** A recorder whose writes are recorded; `answer` can throw. */
function recorder(answer: (verb: string) => Promise<JsonObject> = async () => ({})) {
  const clock = virtualClock();
  const writes: { readonly verb: string; readonly path: string; readonly body: JsonObject }[] = [];
  const warnings: string[] = [];
  const lines: object[] = [];
  const write = (verb: string) => (path: string, body: JsonObject) => {
    writes.push({ verb, path, body });
    return answer(verb);
  };
  const running = startEventRecorder({
    client: { create: write('create'), mergePatch: write('patch') },
    clock,
    log: {
      debug: () => {},
      info: () => {},
      warn: (fields, message) => {
        lines.push(fields);
        warnings.push(message);
      },
    },
    instance: 'pod-1',
  });
  return { clock, writes, warnings, lines, ...running };
}

const refusal = (status: number): KubeError =>
  new KubeError({ verb: 'create', resource: 'events', status, reason: `Test${status}` });

test('repetitions within six minutes are counted in one Event, written once a minute', async () => {
  const { clock, writes, publish } = recorder();
  for (let i = 0; i < 10; i += 1) {
    publish({ ...missing, note: `words ${i}` });
    await clock.advance(20_000);
  }
  assert.deepEqual(
    writes.map(({ verb }) => verb),
    ['create', 'patch', 'patch', 'patch'],
  );
  assert.deepEqual(
    writes.slice(1).map(({ body }) => (body['series'] as JsonObject)['count']),
    [2, 5, 8],
  );
  assert.match(writes[1]?.path ?? '', /^\/apis\/events\.k8s\.io\/v1\/namespaces\/ns\/events\/j\.[0-9a-f]+$/);
});

test('after six minutes of silence a repetition is a new Event', async () => {
  const { clock, writes, publish } = recorder();
  publish(missing);
  await clock.advance(7 * MINUTE_MS);
  publish(missing);
  await clock.advance(1_000);
  assert.deepEqual(
    writes.map(({ verb }) => verb),
    ['create', 'create'],
  );
});

test('no Event is lost if the wall clock is set back by a day', async () => {
  const { clock, writes, publish } = recorder();
  publish(missing);
  await clock.advance(1_000);
  publish(missing);
  await clock.advance(MINUTE_MS);
  clock.jump(-86_400_000);
  publish(missing);
  await clock.advance(7 * MINUTE_MS);
  clock.jump(-86_400_000);
  publish(missing);
  await clock.advance(1_000);
  assert.deepEqual(
    writes.map(({ verb }) => verb),
    ['create', 'patch', 'patch', 'create'],
  );
});

test('another reason, type, action or object is another Event', async () => {
  const { clock, writes, publish } = recorder();
  publish(missing);
  publish({ ...missing, reason: 'KeyMismatch' });
  publish({ ...missing, type: 'Normal' });
  publish({ ...missing, action: 'KeyAvailable' });
  publish({ ...missing, regarding: { ...missing.regarding, uid: 'v' } });
  await clock.advance(1_000);
  assert.equal(writes.length, 5);
  assert.equal(new Set(writes.map(({ body }) => (body['metadata'] as JsonObject)['name'])).size, 5);
});

test('an Event that expired meanwhile is re-created', async () => {
  const { clock, writes, publish } = recorder(async (verb) => {
    if (verb === 'patch') throw refusal(404);
    return {};
  });
  publish(missing);
  await clock.advance(1_000);
  publish(missing);
  await clock.advance(1_000);
  assert.deepEqual(
    writes.map(({ verb }) => verb),
    ['create', 'patch', 'create'],
  );
});

test('an Event is tried three times if the failure can be temporary, else once, and the next one is written', async () => {
  for (const [status, tries] of [
    [503, 3],
    [403, 1],
  ] as const) {
    const { clock, writes, publish } = recorder(async () => {
      throw refusal(status);
    });
    publish(missing);
    await clock.advance(MINUTE_MS);
    assert.equal(writes.length, tries);
    publish({ ...missing, reason: 'KeyMismatch' });
    await clock.advance(MINUTE_MS);
    assert.equal(writes.length, 2 * tries);
  }
});

test('a failure to write Events is logged once a minute for each problem, with the reason and the number of lost Events', async () => {
  let answer = async (): Promise<JsonObject> => {
    throw refusal(403);
  };
  const { clock, lines, publish } = recorder(() => answer());
  for (const reason of ['one', 'two', 'three']) publish({ ...missing, reason });
  await clock.advance(1_000);
  const line = { problem: 'create events: 403 Test403', events: 1 };
  assert.deepEqual(lines, [line]);
  await clock.advance(MINUTE_MS);
  publish({ ...missing, reason: 'four' });
  await clock.advance(1_000);
  assert.deepEqual(lines, [line, { ...line, events: 3 }]);
  answer = async () => {
    throw refusal(422);
  };
  publish({ ...missing, reason: 'five' });
  await clock.advance(1_000);
  assert.deepEqual(lines[2], { problem: 'create events: 422 Test422', events: 1 });
  answer = async () => ({});
  await clock.advance(MINUTE_MS);
  publish({ ...missing, reason: 'six' });
  await clock.advance(1_000);
  assert.equal(lines.length, 3);
});

test('a refusal because the namespace is being deleted is not logged', async () => {
  const { clock, writes, warnings, publish } = recorder(async () => {
    const causes = [{ field: 'metadata.namespace', reason: 'NamespaceTerminating' }];
    throw new KubeError({ verb: 'create', resource: 'events', status: 403, reason: 'Forbidden', causes });
  });
  publish(missing);
  await clock.advance(1_000);
  assert.equal(writes.length, 1);
  assert.deepEqual(warnings, []);
});

test('a flood of Events is limited and never waits for the API server', async () => {
  const { clock, writes, warnings, publish, stop } = recorder(async () => {
    await clock.sleep(1);
    return {};
  });
  for (let i = 0; i < 5_000; i += 1)
    publish({ ...missing, regarding: { ...missing.regarding, uid: `${i}` } });
  await clock.advance(5_000);
  assert.equal(writes.length, 501); // one being written, five hundred waiting
  assert.deepEqual(warnings, ['Events were dropped: too many at once']);
  await stop();
});

test('a flood in one namespace leaves room for the Events of others, which take turns with it', async () => {
  const { clock, writes, publish } = recorder(async () => {
    await clock.sleep(10);
    return {};
  });
  for (let i = 0; i < 5_000; i += 1)
    publish({ ...missing, regarding: { ...missing.regarding, uid: `${i}` } });
  await clock.advance(100);
  const before = writes.length;
  publish({ ...missing, regarding: { ...missing.regarding, namespace: 'other' } });
  await clock.advance(25);
  const next = writes.slice(before).map(({ path }) => path.includes('/namespaces/other/'));
  assert.ok(next.slice(0, 2).includes(true), next.join(' '));
});

test('a long Retry-After holds up the other Events for no longer than half a minute', async () => {
  let isBusy = true;
  const { clock, writes, publish } = recorder(async () => {
    if (!isBusy) return {};
    const busy = { verb: 'create', resource: 'events', status: 503, reason: 'ServiceUnavailable' };
    throw new KubeError({ ...busy, retryAfter: 9 * MINUTE_MS });
  });
  publish(missing);
  await clock.advance(1);
  isBusy = false;
  publish({ ...missing, regarding: { ...missing.regarding, namespace: 'other' } });
  await clock.advance(30_000);
  assert.equal(writes.length, 3);
});

test('a continuing flood is logged once a minute, with the number of dropped Events since the line before', async () => {
  const { clock, lines, warnings, publish } = recorder(async () => {
    await clock.sleep(100);
    return {};
  });
  let published = 0;
  for (let second = 0; second < 100; second += 1) {
    for (let i = 0; i < 100; i += 1) {
      published += 1;
      publish({ ...missing, regarding: { ...missing.regarding, uid: `${published}` } });
    }
    await clock.advance(1_000);
  }
  assert.deepEqual(
    warnings,
    Array.from({ length: 2 }, () => 'Events were dropped: too many at once'),
  );
  const counts = lines.map((line) => Number('dropped' in line && line.dropped));
  assert.ok(counts[1] !== undefined && counts[1] > 5_000, counts.join(' '));
});

test('Events that are dropped within a minute after that line are counted in the next one, the last in one of stop', async () => {
  const { clock, lines, publish, stop } = recorder();
  let published = 0;
  const flood = async (dropped: number): Promise<void> => {
    for (let i = 0; i < 501 + dropped; i += 1) {
      // one being written, five hundred waiting
      published += 1;
      publish({ ...missing, regarding: { ...missing.regarding, uid: `${published}` } });
    }
    await clock.advance(1_000);
  };
  await flood(3);
  await flood(20);
  await clock.advance(MINUTE_MS);
  publish(missing);
  await clock.advance(1_000);
  assert.deepEqual(lines, [{ dropped: 3 }, { dropped: 20 }]);
  await flood(100);
  await stop();
  assert.deepEqual(lines.slice(2), [{ dropped: 100 }]);
});

test('stop waits at most two seconds for Events', async () => {
  const { clock, writes, publish, stop } = recorder(async () => {
    await clock.sleep(900);
    return {};
  });
  for (let i = 0; i < 10; i += 1) publish({ ...missing, regarding: { ...missing.regarding, uid: `${i}` } });
  const stopping = stop();
  await clock.advance(10_000);
  await stopping;
  assert.equal(writes.length, 3);
  publish(missing);
  await clock.advance(10_000);
  assert.equal(writes.length, 3);
  assert.equal(clock.pending(), 0);
});

test('an Event is within the limits of the API', () => {
  const long = { ...missing, reason: 'R'.repeat(200), action: 'A'.repeat(200), note: 'ä€😀'.repeat(500) };
  const body = eventBody(long, 'n', 'i'.repeat(200), 0);
  const bytes = (field: string): number => Buffer.byteLength(String(body[field]));
  assert.ok(bytes('note') <= 1_024 && bytes('note') > 1_000);
  assert.ok(!String(body['note']).includes('�'));
  for (const field of ['reason', 'action', 'reportingInstance']) assert.equal(bytes(field), 128);
  assert.equal(body['eventTime'], '1970-01-01T00:00:00.000000Z');
  const name = eventName(`${'a'.repeat(240)}.-.bcdefghijk`, 'abc123def');
  assert.ok(name.length <= 253);
  assert.match(name, /[a-z0-9]\.abc123def$/);
});
