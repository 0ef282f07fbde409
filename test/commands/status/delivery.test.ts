import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { judgeDelivery } from '../../../src/commands/status/delivery.ts';
import { at, makePod } from './status-pods.ts';

const SUB_PATH = [{ name: 'token', mountPath: '/token', subPath: 'token' }];
const BOTH = [{ name: 'token', mountPath: '/run/token' }, ...SUB_PATH];
/** The present token was issued at noon; by 12:01:30 all pods have it. */
const ISSUED = at('12:00:00');

function judge(made: Parameters<typeof makePod>[0], now: string, issuedAt: number | undefined = ISSUED) {
  const pod = makePod(made);
  const mounts = pod.secrets.get('my-jwt');
  assert.ok(mounts);
  return judgeDelivery(pod, mounts, issuedAt, at(now));
}

describe('the state of a token’s delivery to a pod', () => {
  for (const [title, made, now, state] of [
    ['a moment after the renewal', { started: '10:00:00' }, '12:00:01', 'due'],
    ['as long as the kubelet may take', { started: '10:00:00' }, '12:01:29', 'due'],
    ['as soon as it must have', { started: '10:00:00' }, '12:01:30', 'delivered'],
    ['a pod that is younger than the token', { started: '12:00:01' }, '12:00:02', 'delivered'],
    ['a pod of the same second', { started: '12:00:00' }, '12:00:02', 'due'],
    ['one whose container started again', { containerStarted: '12:00:05' }, '12:00:10', 'due'],
    ['one that has not started', { phase: 'Pending' }, '12:00:10', 'starting'],
    ['one with a subPath alone', { mounts: SUB_PATH }, '13:00:00', 'neverRefreshed'],
    ['one with a subPath besides', { mounts: BOTH }, '13:00:00', 'delivered'],
  ] as const) {
    it(`is "${state}": ${title}`, () => {
      const delivery = judge(made, now);
      assert.equal(delivery.state, state);
      assert.equal(delivery.dueBy, state === 'due' ? at('12:01:30') : undefined);
    });
  }

  for (const [title, nudged, now, dueBy] of [
    ['a moment after it was nudged', '12:00:01', '12:00:02', '12:00:06'],
    ['soon after it was nudged', '12:00:01', '12:00:06', undefined],
    ['nudged for an older token', '11:59:59', '12:00:30', '12:01:30'],
    ['nudged when the kubelet was about to look by itself', '12:01:28', '12:01:29', '12:01:30'],
  ] as const) {
    it(`depends on the nudge: ${title}`, () => {
      const delivery = judge({ nudged }, now);
      assert.equal(delivery.state, dueBy === undefined ? 'delivered' : 'due');
      assert.equal(delivery.dueBy, dueBy === undefined ? undefined : at(dueBy));
    });
  }

  it('is "waiting" without a token', () => {
    const pod = makePod();
    const mounts = pod.secrets.get('my-jwt');
    assert.ok(mounts);
    assert.equal(judgeDelivery(pod, mounts, undefined, at('13:00:00')).state, 'waiting');
  });
});

describe('the token of a container with a subPath', () => {
  for (const [title, made, held] of [
    ['started before the renewal', {}, 'older'],
    ['a younger pod', { started: '12:00:10' }, 'present'],
    ['started again once the kubelet had the token', { containerStarted: '12:01:30' }, 'present'],
    ['started again while it may not have had it', { containerStarted: '12:00:30' }, 'not known'],
  ] as const) {
    it(`is "${held}": ${title}`, () => {
      const { neverRefreshed } = judge({ mounts: SUB_PATH, ...made }, '13:00:00');
      assert.deepEqual(neverRefreshed, [{ container: 'main', token: held }]);
    });
  }
});
