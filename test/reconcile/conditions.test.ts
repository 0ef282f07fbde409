import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findCondition, recordConditions, type Condition } from '../../src/reconcile/conditions.ts';
import type { RecordedStatus } from '../../src/resources/recorded-status.ts';

const READY: Condition = { type: 'Ready', status: 'True', reason: 'Signed', message: 'all is well' };
const NOW = 1_800_000_000;
const BEFORE = NOW - 86_400;

describe('recorded conditions', () => {
  const recorded = (status: string): Pick<RecordedStatus, 'conditions'> => ({
    conditions: [{ ...READY, status, lastTransitionTime: BEFORE, observedGeneration: 1 }],
  });

  it('keep their transition time while the status is the same, for any reason and message', () => {
    const changed: Condition = { ...READY, reason: 'LegacyToken', message: 'another' };
    assert.deepEqual(recordConditions([changed], recorded('True'), 2, NOW), [
      { ...changed, observedGeneration: 2, lastTransitionTime: BEFORE },
    ]);
  });

  it('get a new transition time when the status changes, and the first time, in whole seconds', () => {
    const timeless = { ...READY, lastTransitionTime: undefined, observedGeneration: 1 };
    for (const previous of [
      recorded('False'),
      recorded('Unknown'),
      { conditions: [] },
      { conditions: [timeless] },
    ])
      assert.equal(recordConditions([READY], previous, 1, NOW + 0.9)[0]?.lastTransitionTime, NOW);
  });

  it('get a new transition time when what they say has happened again, which is not recorded itself', () => {
    const [again] = recordConditions([{ ...READY, isNew: true }], recorded('True'), 2, NOW);
    assert.deepEqual(again, { ...READY, observedGeneration: 2, lastTransitionTime: NOW });
  });

  it('are found by type', () => {
    assert.equal(findCondition(recorded('False'), 'Ready')?.status, 'False');
    assert.equal(findCondition(recorded('False'), 'KeyAvailable'), undefined);
    assert.equal(findCondition({ conditions: [] }, 'Ready'), undefined);
  });
});
