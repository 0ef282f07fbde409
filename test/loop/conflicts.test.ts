import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Conflicts } from '../../src/loop/conflicts.ts';

/** Two writes of that JWT in a row were refused. */
function noteTwice(conflicts: Conflicts, uid: string): void {
  for (let write = 0; write < 2; write += 1) conflicts.note(uid, 'jwt');
}

describe('writes that were refused as conflicts', () => {
  it('count until one is made, apart for Secret and status', () => {
    const conflicts = new Conflicts();
    noteTwice(conflicts, 'a');
    assert.deepEqual([conflicts.mustRead('a', 'jwt'), conflicts.mustRead('a', 'token')], [true, false]);
    conflicts.end('a', 'jwt');
    assert.equal(conflicts.mustRead('a', 'jwt'), false);
  });

  it('are kept of 10,000 JWTs: one whose round outlives it is forgotten by nobody else', () => {
    const conflicts = new Conflicts();
    for (let number = 0; number <= 10_000; number += 1) noteTwice(conflicts, `${number}`);
    assert.deepEqual(
      ['0', '1', '10000'].map((uid) => conflicts.mustRead(uid, 'jwt')),
      [false, true, true],
    );
  });
});
