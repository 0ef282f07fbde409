import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import { createRecorder, type EventSink } from '../../src/loop/create-recorder.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';

const SUBJECT = { namespace: 'science', name: 'my-jwt', uid: 'u' };
const SIGNATURE = {
  ...SUBJECT,
  cause: 'RenewalDue',
  algorithm: 'ES256',
  keyId: 'kid',
  tokenId: 'the-jti',
  expiresAt: 1_800_000_000,
  duration: 0.001,
  lateness: 0.3,
} as const;

function recorder() {
  const lines: Record<string, unknown>[] = [];
  const events: Parameters<EventSink['publish']>[0][] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
      done();
    },
  });
  const log = pino({ base: null, timestamp: false }, stream);
  const metrics = createMetrics();
  const count = async (name: 'signatures' | 'renewalLateness' | 'reconcileErrors'): Promise<unknown[]> =>
    (await metrics[name].get()).values
      .filter(({ value }) => value > 0)
      .map(({ labels, value }) => [labels, value]);
  return {
    target: createRecorder({ log, metrics, events: { publish: (event) => events.push(event) } }),
    lines,
    events,
    count,
  };
}

describe('the recorder', () => {
  it('writes one line per signature, counts it by algorithm and cause, and publishes nothing', async () => {
    const { target, lines, events, count } = recorder();
    target.signed(SIGNATURE);
    assert.deepEqual(lines, [
      {
        level: 30,
        namespace: 'science',
        name: 'my-jwt',
        reason: 'RenewalDue',
        kid: 'kid',
        jti: 'the-jti',
        expiresAt: '2027-01-15T08:00:00Z',
        msg: 'signed',
      },
    ]);
    assert.deepEqual(await count('signatures'), [[{ algorithm: 'ES256', cause: 'RenewalDue' }, 1]]);
    assert.deepEqual(events, []);
  });

  it('measures the lateness of scheduled renewals only, never below zero', async () => {
    const { target, count } = recorder();
    target.signed({ ...SIGNATURE, cause: 'SecretMissing', lateness: undefined });
    assert.deepEqual(await count('renewalLateness'), []);
    target.signed({ ...SIGNATURE, lateness: -5 });
    const buckets = await count('renewalLateness');
    assert.ok(buckets.length > 0 && buckets.every((bucket) => JSON.stringify(bucket).endsWith(',1]')));
  });

  it('mentions a repair, and an owner that was taken off, only in the log', () => {
    const { target, lines, events } = recorder();
    target.repaired(SUBJECT);
    target.disowned(SUBJECT);
    assert.deepEqual(
      lines.map(({ msg }) => msg),
      ['metadata of the Secret written again, same token', 'the JWT was taken off the owners of its Secret'],
    );
    assert.deepEqual(events, []);
  });

  const conditions: readonly (readonly [string, string, string, boolean, string])[] = [
    ['a first token', 'Ready', 'True', true, 'no event'],
    ['a token after a failure', 'Ready', 'True', false, 'Normal'],
    ['no token', 'Ready', 'False', true, 'Warning'],
    ['a token lost', 'Ready', 'False', false, 'Warning'],
    ['a key that is there again', 'KeyAvailable', 'True', false, 'no event'],
    ['a key not looked at yet', 'KeyAvailable', 'Unknown', true, 'no event'],
    ['a key that is gone', 'KeyAvailable', 'False', false, 'Warning'],
    ['a renewal that is overdue', 'RenewalOverdue', 'True', true, 'Warning'],
    ['a kid used again', 'KeyIdReused', 'True', true, 'Warning'],
  ];
  for (const [name, type, status, isFirst, expected] of conditions) {
    it(`records ${name} in the log, and with ${expected === 'no event' ? expected : `a ${expected}`}`, () => {
      const { target, lines, events } = recorder();
      const bookkeeping = { observedGeneration: 1, lastTransitionTime: 0 };
      const recorded = { type, status, reason: 'Signed', message: 'so it is', ...bookkeeping };
      target.conditionChanged(SUBJECT, recorded, isFirst);
      const { namespace, name: jwt, condition, status: logged, reason, msg } = lines[0] ?? {};
      assert.deepEqual(
        [namespace, jwt, condition, logged, reason, msg],
        ['science', 'my-jwt', type, status, 'Signed', 'so it is'],
      );
      const event = { regarding: SUBJECT, type: expected, reason: 'Signed', action: type, note: 'so it is' };
      assert.deepEqual(events, expected === 'no event' ? [] : [event]);
    });
  }

  it('records a condition that is over in the log, and with a Normal', () => {
    const { target, lines, events } = recorder();
    const bookkeeping = { observedGeneration: 1, lastTransitionTime: 0 };
    const before = { type: 'Contended', status: 'True', reason: 'Contended', message: 'who', ...bookkeeping };
    target.conditionEnded(SUBJECT, before);
    const { namespace, name, condition, status, reason, msg } = lines[0] ?? {};
    assert.deepEqual(
      [namespace, name, condition, status, reason, msg],
      ['science', 'my-jwt', 'Contended', 'False', 'Contended', 'Contended is over'],
    );
    assert.deepEqual(events, [
      {
        regarding: SUBJECT,
        type: 'Normal',
        reason: 'Contended',
        action: 'Contended',
        note: 'Contended is over',
      },
    ]);
  });

  it('warns of a failure, counts it by reason, publishes it and names the time of the next try', async () => {
    const { target, lines, events, count } = recorder();
    target.failed(SUBJECT, 'WriteFailed', 'apply secrets: 403 Forbidden', 1_800_000_000);
    assert.deepEqual([lines[0]?.['level'], lines[0]?.['nextAttemptAt']], [40, '2027-01-15T08:00:00Z']);
    assert.deepEqual(await count('reconcileErrors'), [[{ reason: 'WriteFailed' }, 1]]);
    assert.deepEqual(events, [
      {
        regarding: SUBJECT,
        type: 'Warning',
        reason: 'WriteFailed',
        action: 'Reconcile',
        note: 'apply secrets: 403 Forbidden',
      },
    ]);
  });
});
