import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Sighting } from './observer.ts';
import { findNeedlessStatuses } from './statuses.ts';

/** A status at that second. */
function say(at: number, reason: string, tokenId = 'a'): Sighting {
  const status = { tokenId, conditions: [{ type: 'Ready', status: 'True', reason }] };
  const object = { metadata: { uid: 'u' }, status };
  return { kind: 'JWT', at: at * 1000, isGone: false, name: 'a', uid: 'u', resourceVersion: `${at}`, object };
}

/** How many statuses are too many, if nothing could be written from second 10 to 17. */
function count(...sightings: readonly Sighting[]): number {
  const pauses = [{ from: 10_000, until: 17_000 }];
  const found = findNeedlessStatuses({ name: 'a', sightings, foreign: new Set(), pauses, statuses: 0 });
  return found.length === 0 ? 0 : Number(/^a: (\d+) statuses/.exec(found[0]?.what ?? '')?.[1]);
}

const FIRST = say(2, 'Signed');

describe('a status that says that a write failed', () => {
  it('has its reason while nothing could be written and soon after, as has the next that says it is over', () => {
    assert.equal(count(FIRST, say(20, 'WriteFailed')), 0);
    assert.equal(count(FIRST, say(20, 'WriteFailed'), say(21, 'WriteRefused')), 0);
    assert.equal(count(FIRST, say(20, 'WriteFailed'), say(60, 'Signed')), 0);
    assert.equal(count(FIRST, say(20, 'WriteFailed'), say(23, 'Signed', 'b')), 0);
  });

  it('may be the first one of its token', () => {
    assert.equal(count(FIRST, say(18, 'WriteFailed', 'b'), say(20, 'Signed', 'b')), 0);
  });

  it('has none at another time', () => {
    assert.equal(count(FIRST, say(9, 'WriteFailed'), say(60, 'Signed')), 2);
    assert.equal(count(FIRST, say(33, 'WriteFailed'), say(34, 'Signed')), 2);
    assert.equal(count(FIRST, say(20, 'WriteFailed'), say(40, 'WriteRefused')), 1);
  });

  it('gives no reason to say the same twice, or something else', () => {
    assert.equal(count(FIRST, say(20, 'WriteFailed'), say(21, 'Signed'), say(22, 'Resigned')), 1);
    assert.equal(count(FIRST, say(20, 'KeyNotFound'), say(21, 'Signed')), 2);
  });
});
