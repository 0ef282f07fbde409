import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { FairShare, RANK, type Guarantee, type HeldRank } from '../../src/server/fair-share.ts';

interface Item {
  readonly owner: string;
  readonly weight: number;
  readonly rank: HeldRank;
}

const item = (owner: string, weight = 1, rank: HeldRank = RANK.spare): Item => ({ owner, weight, rank });
const CAPACITY = 20;

function shareOf(capacity: number, guarantee?: Guarantee): FairShare<Item> {
  return new FairShare(capacity, ({ rank }) => rank, guarantee);
}

describe('a fair share', () => {
  it('takes nothing away if there is enough', () => {
    const share = shareOf(3);
    for (let taken = 0; taken < 3; taken += 1) assert.deepEqual(share.take('a', item('a'), 1), []);
  });

  it('takes the oldest from the owner that holds the most, not from a new one', () => {
    const share = shareOf(3);
    const [first, ...others] = [item('a'), item('a'), item('a')];
    for (const each of [first, ...others]) share.take('a', each, 1);
    assert.deepEqual(share.take('b', item('b'), 1), [first]);
  });

  it('takes the lowest rank first, a new one before one that is busy, and that only for another owner', () => {
    const share = shareOf(2);
    const [busy, idle] = [item('a', 1, RANK.busy), item('a', 1, RANK.idle)];
    share.take('a', busy, 1);
    share.take('a', idle, 1);
    const newcomer = item('a');
    assert.deepEqual(share.take('a', newcomer, 1), [idle]);
    share.give(newcomer);
    share.take('a', item('a', 1, RANK.busy), 1);
    assert.deepEqual(share.take('a', newcomer, 1), [newcomer]);
    assert.deepEqual(share.take('b', item('b'), 1), [busy]);
  });

  it('gives an owner without a place a spare one, even if all others have only one', () => {
    const share = shareOf(4);
    const held = ['a', 'b', 'c', 'd'].map((owner) =>
      item(owner, 1, owner === 'a' ? RANK.busy : owner === 'b' ? RANK.idle : RANK.spare),
    );
    for (const each of held) share.take(each.owner, each, 1);
    assert.deepEqual(share.take('e', item('e', 1, RANK.busy), 1), [held[2]]);
    assert.deepEqual(share.take('f', item('f', 1, RANK.busy), 1), [held[3]]);
    const newcomer = item('g');
    assert.deepEqual(share.take('g', newcomer, 1), [newcomer], 'what others use or may use again stays');
  });

  it('takes what is spare before what is busy, of all owners that hold the most', () => {
    const share = shareOf(4);
    const busy = [item('a', 1, RANK.busy), item('a', 1, RANK.busy)];
    const spare = [item('b'), item('b')];
    for (const each of [...busy, ...spare]) share.take(each.owner, each, 1);
    assert.deepEqual(share.take('c', item('c'), 1), [spare[0]]);
  });

  describe('that guarantees a part of it to an active owner', () => {
    const guarantee: Guarantee = { weight: 64, isActive: (owner) => owner.startsWith('api') };
    const crowd = (count: number): Item[] => Array.from({ length: count }, (_, each) => item(`x${each}`));

    for (const rank of [RANK.busy, RANK.idle, RANK.spare]) {
      it(`gives it the place of what is spare elsewhere, and keeps what it has (rank ${rank})`, () => {
        const share = shareOf(600, guarantee);
        const spare = crowd(599);
        share.take('api', item('api', 1, rank), 1);
        for (const each of spare) share.take(each.owner, each, 1);
        const taken = Array.from({ length: 63 }, () => share.take('api', item('api', 1, rank), 1));
        assert.deepEqual(taken.flat(), spare.slice(0, 63));
        const [refused] = share.take('api', item('api', 1, rank), 1);
        assert.equal(refused?.owner, 'api', 'its next one is at its own cost, as it holds the most');
      });
    }

    it('keeps what it has not used yet, too, when one comes of which nothing but that is known', () => {
      const share = shareOf(600, guarantee);
      const spare = crowd(597);
      for (const rank of [RANK.busy, RANK.spare, RANK.idle]) share.take('api', item('api', 1, rank), 1);
      for (const each of spare) share.take(each.owner, each, 1);
      for (let back = 0; back < 100; back += 1)
        assert.deepEqual(share.take(`y${back}`, item(`y${back}`), 1), [spare[back]]);
    });

    it('takes it from those that hold the most of what is spare', () => {
      const share = shareOf(20, guarantee);
      const spare = [item('a'), item('b'), item('b'), ...crowd(9)];
      for (const each of spare) share.take(each.owner, each, 1);
      const taken = Array.from({ length: 9 }, () => share.take('api', item('api', 1, RANK.busy), 1));
      assert.deepEqual(taken.flat(), [spare[1]]);
    });

    /**
     * 700 addresses that send nothing want 600 places of which `held` are taken: no active owner loses one.
     */
    const assertCrowdLoses = (share: ReturnType<typeof shareOf>, held: number): void => {
      const losers = crowd(700).flatMap((each) => share.take(each.owner, each, 1));
      assert.equal(losers.length, held + 700 - 600);
      assert.ok(!losers.some(({ owner }) => guarantee.isActive(owner)));
    };

    for (const others of [0, 8, 20, 59, 99]) {
      it(`keeps all of it beside ${others} other active ones that hold one each`, () => {
        const share = shareOf(600, guarantee);
        for (let number = 0; number < 64; number += 1) share.take('api', item('api', 1, RANK.busy), 1);
        for (let other = 0; other < others; other += 1)
          share.take(`api-${other}`, item(`api-${other}`, 1, RANK.idle), 1);
        assertCrowdLoses(share, 64 + others);
      });
    }

    it('keeps all of it for as many as there is enough for', () => {
      const share = shareOf(600, guarantee);
      for (let owner = 0; owner < 9; owner += 1)
        for (let number = 0; number < 64; number += 1)
          share.take(`api${owner}`, item(`api${owner}`, 1, RANK.busy), 1);
      assertCrowdLoses(share, 9 * 64);
    });

    it('leaves room for new owners, however many have used what they hold', () => {
      const share = shareOf(600, guarantee);
      for (let owner = 0; owner < 10; owner += 1)
        for (let number = 0; number < 60; number += 1)
          share.take(`api${owner}`, item(`api${owner}`, 1, RANK.busy), 1);
      assert.deepEqual(
        share.take('new', item('new'), 1).map(({ owner }) => owner),
        ['api0'],
      );
    });
  });

  it('refuses a request that is larger than the total', () => {
    const share = shareOf(3);
    const huge = item('a');
    assert.deepEqual(share.take('a', huge, 4), [huge]);
    assert.deepEqual(share.take('a', item('a', 3), 3), []);
  });

  const items = fc.array(
    fc.record({
      owner: fc.constantFrom('a', 'b', 'c', 'd'),
      weight: fc.integer({ min: 1, max: 5 }),
      rank: fc.constantFrom(RANK.spare, RANK.idle, RANK.busy),
    }),
    { maxLength: 60 },
  );

  it('is never exceeded, and returned places are free again', () => {
    fc.assert(
      fc.property(items, fc.infiniteStream(fc.boolean()), (taken, gives) => {
        const share = shareOf(CAPACITY);
        const held = new Set<Item>();
        for (const each of taken) {
          held.add(each);
          for (const loser of share.take(each.owner, each, each.weight)) held.delete(loser);
          const [oldest] = held;
          if (gives.next().value === true && oldest !== undefined) {
            share.give(oldest);
            share.give(oldest);
            held.delete(oldest);
          }
          assert.ok([...held].reduce((sum, { weight }) => sum + weight, 0) <= CAPACITY);
        }
        for (const each of held) share.give(each);
        assert.deepEqual(share.take('a', item('a', CAPACITY), CAPACITY), []);
      }),
    );
  });

  it('never costs an active owner more than it has beyond what is guaranteed, for one that is not', () => {
    const isActive = (owner: string): boolean => owner < 'c';
    const guaranteed = 5; // two can be active, and there is more than that for both
    fc.assert(
      fc.property(items, (taken) => {
        const share = shareOf(CAPACITY, { weight: guaranteed, isActive });
        const weights = new Map<string, number>();
        const add = ({ owner, weight }: Item, sign: number) =>
          weights.set(owner, (weights.get(owner) ?? 0) + sign * weight);
        for (const each of taken) {
          add(each, 1);
          for (const loser of share.take(each.owner, each, each.weight)) {
            const isExcess = (weights.get(loser.owner) ?? 0) > guaranteed;
            assert.ok(isActive(each.owner) || !isActive(loser.owner) || isExcess);
            add(loser, -1);
          }
        }
      }),
    );
  });

  it('never costs an owner anything that holds no more than its equal share', () => {
    const OWNERS = 4;
    fc.assert(
      fc.property(items, (taken) => {
        const share = shareOf(CAPACITY);
        const weights = new Map<string, number>();
        const add = ({ owner, weight }: Item, sign: number) =>
          weights.set(owner, (weights.get(owner) ?? 0) + sign * weight);
        for (const each of taken) {
          add(each, 1);
          for (const loser of share.take(each.owner, each, each.weight)) {
            assert.ok((weights.get(loser.owner) ?? 0) > CAPACITY / OWNERS);
            add(loser, -1);
          }
        }
      }),
    );
  });
});
