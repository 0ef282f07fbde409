import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { boundLanes } from '../../src/queue/lane-bounds.ts';
import { hasRoomForSuspect } from '../../src/queue/suspect-room.ts';
import { PATIENT } from './patient.ts';

const [DUE, NEW] = [0, 1];
const suspect = { rank: DUE, expiresAt: 0, sequence: 0, ...PATIENT, failingSince: Number.POSITIVE_INFINITY };
const atWork = { bounds: boundLanes(32), limit: 4, running: 4, isFreshWaiting: false };

describe('the room of a suspect', () => {
  it('is the limit of suspects for one that failed, and for one that is not due', () => {
    for (const other of [
      { ...suspect, failingSince: 0 },
      { ...suspect, rank: NEW },
    ]) {
      assert.equal(hasRoomForSuspect({ ...atWork, running: 3 }, other, 3), true);
      assert.equal(hasRoomForSuspect(atWork, other, 0), false);
    }
  });

  it('is a quarter of the workers for a namespace whose JWTs are due and were only slow', () => {
    assert.equal(hasRoomForSuspect(atWork, suspect, 7), true);
    assert.equal(hasRoomForSuspect(atWork, suspect, 8), false);
  });

  it('is half of the workers for all together, less an eighth while a fresh key waits', () => {
    for (const [isFreshWaiting, most] of [
      [false, 16],
      [true, 12],
    ] as const) {
      assert.equal(hasRoomForSuspect({ ...atWork, isFreshWaiting, running: most - 1 }, suspect, 0), true);
      assert.equal(hasRoomForSuspect({ ...atWork, isFreshWaiting, running: most }, suspect, 0), false);
    }
  });
});
