import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { FairTime } from '../../src/server/fair-time.ts';

describe('the time that owners have had', () => {
  it('is what they had beyond their equal share', () => {
    const had = new FairTime();
    had.add('a', 40, 2);
    assert.deepEqual([had.of('a'), had.of('b')], [40, 20]);
    had.add('b', 10, 2);
    assert.deepEqual([had.of('a'), had.of('b'), had.of('c')], [40, 30, 25]);
    had.clear();
    assert.deepEqual([had.of('a'), had.size], [0, 0]);
  });

  it('gives nobody who comes later more than 100 ms before one who has been there, whatever happened', () => {
    const use = fc.record({
      owner: fc.constantFrom('a', 'b', 'c'),
      time: fc.double({ min: 0, max: 2_000, noNaN: true }),
      owners: fc.integer({ min: 1, max: 600 }),
    });
    fc.assert(
      fc.property(fc.array(use), (uses) => {
        const had = new FairTime();
        for (const { owner, time, owners } of uses) {
          had.add(owner, time, owners);
          for (const each of ['a', 'b', 'c']) {
            const lead = had.of(each) - had.of('new');
            assert.ok(lead >= 0 && lead <= 100.001, `${lead}`);
          }
        }
      }),
    );
  });

  it('is forgotten when it is an equal share: ever new owners do not pile up', () => {
    const had = new FairTime();
    for (let owner = 0; owner < 10_000; owner += 1) had.add(`${owner}`, 1, 20);
    assert.ok(had.size <= 20, `${had.size}`);
  });
});
