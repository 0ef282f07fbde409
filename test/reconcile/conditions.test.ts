import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findCondition, storeConditions, type Condition } from '../../src/reconcile/conditions.ts';

const READY: Condition = { type: 'Ready', status: 'True', reason: 'Signed', message: 'all is well' };
const BEFORE = '2026-01-01T00:00:00Z';
const NOW = '2026-01-02T00:00:00Z';

describe('stored conditions', () => {
  const stored = (status: string): { conditions: unknown[] } => ({
    conditions: [{ ...READY, status, lastTransitionTime: BEFORE, observedGeneration: 1 }],
  });

  it('keep their transition time while the status stays, whatever reason and message say', () => {
    const changed: Condition = { ...READY, reason: 'LegacyToken', message: 'another' };
    assert.deepEqual(storeConditions([changed], stored('True'), 2, NOW), [
      { ...changed, observedGeneration: 2, lastTransitionTime: BEFORE },
    ]);
  });

  it('get a new transition time when the status changes, and the first time', () => {
    for (const previous of [stored('False'), stored('Unknown'), {}, { conditions: 'none' }])
      assert.equal(storeConditions([READY], previous, 1, NOW)[0]?.['lastTransitionTime'], NOW);
  });

  it('are found by type among whatever else is stored', () => {
    assert.equal(findCondition(stored('False'), 'Ready')?.['status'], 'False');
    assert.equal(findCondition(stored('False'), 'KeyAvailable'), undefined);
    assert.equal(findCondition({ conditions: [null, 'Ready', 7] }, 'Ready'), undefined);
  });
});
