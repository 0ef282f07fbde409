import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { listRenewals } from '../../src/signing/renewals.ts';
import { renewalTime } from '../../src/signing/schedule.ts';

describe('the next signatures', () => {
  it('of a JWT in a file are each as late as possible', () => {
    assert.deepEqual(listRenewals(undefined, 1_000, { lifetime: 600, resignBefore: 200 }, 3), [
      { at: 1_000, expiresAt: 1_600 },
      { at: 1_400, expiresAt: 2_000 },
      { at: 1_800, expiresAt: 2_400 },
    ]);
  });

  it('begin at whole seconds, like claims', () => {
    assert.deepEqual(listRenewals(undefined, 1_000.7, { lifetime: 60 }, 2), [
      { at: 1_000.7, expiresAt: 1_060 },
      { at: 1_030, expiresAt: 1_090 },
    ]);
  });

  it('of a JWT are at the times at which the loop makes them', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.integer({ min: 60, max: 86_400 }), (uid, lifetime) => {
        const [one, two] = listRenewals(uid, 5_000, { lifetime }, 2);
        assert.deepEqual(one, { at: 5_000, expiresAt: 5_000 + lifetime });
        assert.equal(two?.at, renewalTime(uid, 5_000 + lifetime, { lifetime }));
      }),
    );
  });

  it('are missing if they are not requested', () => {
    assert.deepEqual(listRenewals('uid', 1_000, { lifetime: 60 }, 0), []);
  });
});
