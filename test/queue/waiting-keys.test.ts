import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isMoreUrgent, type Urgency } from '../../src/queue/urgency.ts';
import { WaitingKeys } from '../../src/queue/waiting-keys.ts';

const newKeys = (): WaitingKeys<Urgency> => new WaitingKeys(isMoreUrgent);
const takeNext = (keys: WaitingKeys<Urgency>): string | undefined => {
  const next = keys.next();
  if (next !== undefined) keys.take(next);
  return next?.key;
};
const take = (keys: WaitingKeys<Urgency>, turns: number): readonly (string | undefined)[] =>
  Array.from({ length: turns }, () => takeNext(keys));

const urgency = (rank: number, sequence: number, patientUntil = 1_000, since = 0): Urgency => ({
  rank,
  expiresAt: Number.POSITIVE_INFINITY,
  sequence,
  since,
  patientUntil,
});

describe('the keys that wait in a lane', () => {
  it('are taken by urgency as long as none has waited too long', () => {
    const keys = newKeys();
    for (const rank of [2, 0, 1]) keys.set(`ns/${rank}`, urgency(rank, 3 - rank));
    keys.noticeTime(999);
    assert.equal(keys.hasImpatient, false);
    assert.deepEqual(take(keys, 4), ['ns/0', 'ns/1', 'ns/2', undefined]);
  });

  it('share every other turn among namespaces once one has waited for more than a second', () => {
    const keys = newKeys();
    for (let each = 0; each < 40; each += 1) keys.set(`many/${each}`, urgency(0, each, 90_000, 500));
    for (let each = 0; each < 3; each += 1) keys.set(`few/${each}`, urgency(0, 100 + each, 90_000, 500));
    const takeNamespaces = (turns: number): readonly (string | undefined)[] =>
      Array.from({ length: turns }, () => {
        const [namespace] = takeNext(keys)?.split('/') ?? [];
        return namespace;
      });
    keys.noticeTime(1_500);
    assert.deepEqual(takeNamespaces(6), ['many', 'many', 'many', 'many', 'many', 'many']);
    keys.noticeTime(1_501);
    assert.deepEqual(takeNamespaces(6), ['few', 'many', 'few', 'many', 'few', 'many']);
  });

  it('give one of eight turns to the one that has waited too long for the longest time', () => {
    const keys = newKeys();
    for (let each = 0; each < 40; each += 1) keys.set(`ns/urgent-${each}`, urgency(0, each, 9_000));
    keys.set('ns/late', urgency(3, 100, 900));
    keys.set('ns/later', urgency(3, 99, 1_000));
    keys.noticeTime(1_000);
    const first = take(keys, 20);
    assert.deepEqual([first.indexOf('ns/late'), first.indexOf('ns/later')], [0, 8]);
  });

  it('give these turns in the order in which they came, if several have waited as long', () => {
    const keys = newKeys();
    for (const sequence of [3, 1, 2]) keys.set(`ns/${sequence}`, urgency(3, sequence, 900));
    for (let each = 0; each < 40; each += 1) keys.set(`ns/urgent-${each}`, urgency(0, 100 + each, 9_000));
    keys.noticeTime(1_000);
    const late = take(keys, 20).filter((key) => key?.includes('urgent') === false);
    assert.deepEqual(late, ['ns/1', 'ns/2', 'ns/3']);
  });

  it('share these turns among namespaces, whatever their priorities are', () => {
    const keys = newKeys();
    for (let each = 0; each < 400; each += 1) keys.set(`many/${each}`, urgency(0, each, 500));
    keys.set('few/a', urgency(3, 1_000, 900));
    keys.noticeTime(1_000);
    assert.ok(take(keys, 17).includes('few/a'));
  });

  it('share these turns apart from the others: one whose namespace had many of those does not lose its place', () => {
    const keys = newKeys();
    for (let each = 0; each < 9; each += 1) keys.set(`many/${each}`, urgency(0, each, 9_000));
    assert.equal(take(keys, 9).length, 9);
    keys.set('many/late', urgency(3, 100, 800));
    keys.set('few/later', urgency(3, 101, 900));
    keys.noticeTime(1_000);
    assert.equal(takeNext(keys), 'many/late');
  });

  it('have the next of another namespace where theirs has no room, by each turn', () => {
    const hasRoom = (namespace: string): boolean => namespace !== 'full';
    for (const [now, turn] of [
      [0, 'urgent'],
      [5_000, 'shared'],
      [9_000, 'impatient'],
    ] as const) {
      const keys = newKeys();
      for (let each = 0; each < 9; each += 1) keys.set(`full/${each}`, urgency(0, each, 9_000));
      for (const [sequence, namespace] of ['many', 'few'].entries())
        keys.set(`${namespace}/a`, urgency(0, 10 + sequence, 9_000));
      for (let each = 0; each < 9; each += 1) keys.chargeElsewhere('many');
      keys.noticeTime(now);
      const next = keys.next(hasRoom);
      assert.deepEqual([next?.key, next?.turn], [turn === 'shared' ? 'few/a' : 'many/a', turn]);
    }
  });

  it('wait as long as it was said last', () => {
    const keys = newKeys();
    keys.set('ns/a', urgency(0, 0, 500));
    keys.noticeTime(1_000);
    assert.equal(keys.hasImpatient, true);
    keys.set('ns/a', urgency(0, 0, 9_000));
    keys.noticeTime(1_000);
    assert.equal(keys.hasImpatient, false);
  });

  it('are found to have waited too long 500 at a time', () => {
    const keys = newKeys();
    for (let each = 0; each < 501; each += 1) keys.set(`ns/${each}`, urgency(0, each, each));
    keys.noticeTime(1_000);
    for (let each = 0; each < 500; each += 1) keys.delete(`ns/${each}`);
    assert.equal(keys.hasImpatient, false);
    keys.noticeTime(1_000);
    assert.equal(keys.hasImpatient, true);
  });

  it('lose none and give none twice, whatever is changed meanwhile', () => {
    const step = fc.record({
      key: fc.nat(9),
      do: fc.constantFrom('set', 'set', 'delete', 'pop', 'notice'),
      rank: fc.nat(3),
      time: fc.nat(5),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const keys = newKeys();
        const model = new Set<string>();
        let sequence = 0;
        for (const each of steps) {
          const key = `ns-${each.key % 3}/${each.key}`;
          if (each.do === 'set') keys.set(key, urgency(each.rank, (sequence += 1), each.time));
          if (each.do === 'set') model.add(key);
          if (each.do === 'delete') keys.delete(key);
          if (each.do === 'delete') model.delete(key);
          if (each.do === 'notice') keys.noticeTime(each.time);
          if (each.do !== 'pop') continue;
          const next = takeNext(keys);
          assert.equal(next === undefined, model.size === 0);
          if (next !== undefined) assert.ok(model.delete(next));
        }
        assert.equal(keys.size, model.size);
        assert.deepEqual(new Set(take(keys, keys.size)), model);
        assert.equal(keys.hasImpatient, false);
      }),
    );
  });
});
