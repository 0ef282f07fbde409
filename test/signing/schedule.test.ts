import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { effectiveResignBefore, isRenewalClamped, renewalTime } from '../../src/signing/schedule.ts';

const EXP = 2_000_000_000;

describe('the renewal', () => {
  it('of a one-minute token without resignBefore is after half a minute', () => {
    assert.equal(renewalTime('any', EXP, { lifetime: 60 }), EXP - 30);
  });

  it('is never after exp − resignBefore, never more than the jitter earlier, never within 30 s of the signature', () => {
    fc.assert(
      fc.property(
        fc.uuid(),
        fc.integer({ min: 60, max: 10 * 365 * 86_400 }),
        fc.option(fc.integer({ min: 1, max: 10 * 365 * 86_400 }), { nil: undefined }),
        (uid, lifetime, resignBefore) => {
          const lifetimes = { lifetime, ...(resignBefore === undefined ? {} : { resignBefore }) };
          const before = effectiveResignBefore(lifetimes);
          const renewal = renewalTime(uid, EXP, lifetimes);
          const earliest = Math.max(
            EXP - before - Math.min(before / 10, 300, (lifetime - before) / 2),
            EXP - lifetime + 30,
          );
          assert.ok(renewal >= earliest, `${renewal} is before ${earliest}`);
          assert.ok(renewal <= Math.max(EXP - before, EXP - lifetime + 30));
          assert.ok(renewal < EXP, 'never after expiry');
          assert.equal(renewal, renewalTime(uid, EXP, lifetimes), 'the same uid, the same instant');
        },
      ),
    );
  });

  it('is spread over uids', () => {
    const times = new Set(
      Array.from({ length: 100 }, (_, i) => renewalTime(`uid-${i}`, EXP, { lifetime: 86_400 })),
    );
    assert.ok(times.size > 90);
  });

  describe('is earlier by up to', () => {
    const limits: Readonly<Record<string, readonly [number, number, number]>> = {
      'a tenth of resignBefore': [3_600, 1_200, 120],
      'five minutes': [86_400, 18_000, 300],
      'half of the time from signature to renewal': [3_600, 3_300, 150],
    };
    for (const [limit, [lifetime, resignBefore, most]] of Object.entries(limits)) {
      it(`${limit}, and the uids use all of it`, () => {
        const earlier = Array.from(
          { length: 1_000 },
          (_, i) => EXP - resignBefore - renewalTime(`uid-${i}`, EXP, { lifetime, resignBefore }),
        );
        assert.ok(Math.min(...earlier) >= 0 && Math.min(...earlier) < most / 50);
        assert.ok(Math.max(...earlier) <= most && Math.max(...earlier) > most * 0.98);
      });
    }
  });

  it('keeps a resignBefore that is shorter than the lifetime', () => {
    assert.equal(effectiveResignBefore({ lifetime: 100, resignBefore: 99 }), 99);
    assert.ok(!isRenewalClamped({ lifetime: 100, resignBefore: 99 }));
  });

  it('falls back to half of the lifetime when resignBefore is not shorter', () => {
    assert.equal(effectiveResignBefore({ lifetime: 100, resignBefore: 100 }), 50);
    assert.ok(isRenewalClamped({ lifetime: 100, resignBefore: 100 }));
    assert.ok(!isRenewalClamped({ lifetime: 100 }));
  });
});
