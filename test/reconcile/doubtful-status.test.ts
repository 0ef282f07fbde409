import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findCondition } from '../../src/reconcile/conditions.ts';
import { doubtfulStatus } from '../../src/reconcile/doubtful-status.ts';
import { makeJwt } from '../fixtures/jwts.ts';
import { NOW, settledJwt } from '../fixtures/observed.ts';

const problem = { reason: 'WriteFailed', message: 'the API server does not answer' } as const;
const doubted = { ...problem, status: 'Unknown', lastTransitionTime: NOW } as const;
const old = (type: string, status: string): object => ({
  type,
  status,
  reason: 'Signed',
  message: 'as it was',
  observedGeneration: 1,
  lastTransitionTime: '2026-01-01T00:00:00Z',
});

describe('the status after a round that could not read the state', () => {
  it('is Unknown for the token, and keeps its record', async () => {
    const jwt = await settledJwt({}, { generation: 3 });
    const { conditions, ...kept } = doubtfulStatus(jwt, problem, NOW + 7.5, NOW);
    const { conditions: _before, ...recorded } = jwt.recorded;
    assert.deepEqual(kept, { ...recorded, nextAttemptAt: NOW + 7 });
    assert.deepEqual(conditions, [
      { type: 'Ready', ...doubted, observedGeneration: 3 },
      { type: 'KeyAvailable', ...doubted, observedGeneration: 3 },
    ]);
  });

  it('keeps the state of the key, and every other condition', () => {
    const before = [old('KeyAvailable', 'True'), old('Ready', 'True'), old('KeyIdReused', 'True')];
    const jwt = makeJwt({}, { status: { conditions: before } });
    const { conditions } = doubtfulStatus(jwt, problem, NOW, NOW);
    assert.deepEqual(conditions, [
      { type: 'Ready', ...doubted, observedGeneration: 1 },
      findCondition(jwt.recorded, 'KeyAvailable'),
      findCondition(jwt.recorded, 'KeyIdReused'),
    ]);
  });

  it('counts the time from the first doubt', () => {
    const jwt = makeJwt({}, { status: { conditions: [old('Ready', 'Unknown')] } });
    const status = doubtfulStatus(jwt, problem, NOW, NOW);
    assert.equal(status.conditions.length, 2, 'each type once');
    const ready = findCondition(status, 'Ready');
    assert.equal(ready?.lastTransitionTime, findCondition(jwt.recorded, 'Ready')?.lastTransitionTime);
    assert.equal(ready?.message, problem.message);
  });
});
