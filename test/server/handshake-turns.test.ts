import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, it } from 'node:test';
import { HandshakeTurns } from '../../src/server/handshake-turns.ts';

function turnsInto(begun: string[]): HandshakeTurns<string> {
  return new HandshakeTurns((item) => begun.push(item));
}

async function untilBegun(begun: readonly string[], expected: number): Promise<void> {
  while (begun.length < expected) await nextTurn();
}

describe('turns of handshakes', () => {
  it('are given to each address before any gets its second, the oldest first', async () => {
    const begun: string[] = [];
    const turns = turnsInto(begun);
    for (const item of ['a1', 'a2', 'a3', 'b1', 'b2', 'c1']) turns.take(item.charAt(0), item);
    await untilBegun(begun, 6);
    assert.deepEqual(begun, ['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
  });

  it('begin as soon as no more connections arrive', async () => {
    const begun: string[] = [];
    const turns = turnsInto(begun);
    turns.take('a', 'a1');
    await nextTurn();
    turns.take('b', 'b1');
    assert.deepEqual(begun, []);
    await untilBegun(begun, 2);
  });

  it('also begin while connections arrive all the time, and that of a new client waits for one of each address', async () => {
    const begun: string[] = [];
    const turns = turnsInto(begun);
    let number = 0;
    const crowd = (): void => {
      for (let count = 0; count < 100; count += 1) turns.take('crowd', `crowd ${(number += 1)}`);
    };
    crowd();
    turns.take('x', 'newcomer');
    while (!begun.includes('newcomer')) {
      crowd();
      await nextTurn();
    }
    assert.ok(begun.indexOf('newcomer') <= 1);
  });

  it('are not given to connections that were dropped', async () => {
    const begun: string[] = [];
    const turns = turnsInto(begun);
    for (const item of ['a1', 'a2', 'b1']) turns.take(item.charAt(0), item);
    turns.drop('a', 'a1');
    turns.drop('b', 'b1');
    turns.drop('c', 'c1');
    await untilBegun(begun, 1);
    turns.drop('a', 'a2');
    turns.take('a', 'a3');
    await untilBegun(begun, 2);
    assert.deepEqual(begun, ['a2', 'a3']);
  });
});
