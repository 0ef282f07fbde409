import assert from 'node:assert/strict';
import { it } from 'node:test';
import { CurrentTerm } from '../../src/service/current-term.ts';
import { endController } from '../../src/service/end-controller.ts';
import { createCandidate, FakeLease } from '../kube/fake-lease.ts';
import { virtualClock } from '../time/virtual-clock.ts';

const LONG_MS = 60_000;
const IDLE = {
  jwtChanged: () => {},
  addAtStart: () => true,
  secretChanged: () => {},
  depth: () => 0,
  start: () => {},
  settle: async () => true,
};

for (const { title, failure } of [
  {
    title: 'the reconcile half releases the Lease when all work of its term has ended',
    failure: undefined,
  },
  {
    title: 'it does so, and ends the others, also if a part of the term fails to end',
    failure: new Error('delivery'),
  },
]) {
  it(title, async () => {
    const clock = virtualClock();
    const lease = new FakeLease();
    const { leader } = createCandidate(lease, clock, 'a');
    leader.start();
    assert.ok(await clock.advanceUntil(() => leader.isLeader(), LONG_MS));
    const ended: string[] = [];
    const end = (what: string) => async (): Promise<void> => {
      await clock.sleep(100);
      ended.push(`${what}, held by '${lease.state?.holder}'`);
    };
    const term = new CurrentTerm();
    term.begin({
      controller: { ...IDLE, stop: end('controller') },
      delivery: {
        renewed: () => {},
        watches: () => [],
        stop: async () => {
          if (failure !== undefined) throw failure;
        },
      },
    });
    const isRefused = endController({ term, leader, endOthers: end('others') }).then(
      () => false,
      () => true,
    );
    await clock.advance(LONG_MS);
    assert.equal(await isRefused, failure !== undefined);
    assert.deepEqual(ended, ["controller, held by 'a'", "controller, held by ''", "others, held by ''"]);
    assert.equal(term.work, undefined);
  });
}
