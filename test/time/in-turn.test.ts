import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InTurn } from '../../src/time/in-turn.ts';

function add(waiting: InTurn<string>, text: string, note = ''): boolean {
  const [owner = '', key = ''] = text.split('/');
  return waiting.add(owner, key, text + note);
}

function takeAll(waiting: InTurn<string>): readonly string[] {
  const taken: string[] = [];
  for (let next = waiting.take(); next !== undefined; next = waiting.take()) taken.push(next);
  return taken;
}

describe('waiting items', () => {
  it('are taken from their owners in turn, the oldest of each first', () => {
    const waiting = new InTurn<string>({ most: 10, mostOfOwner: 10 });
    for (const text of ['a/1', 'a/2', 'a/3', 'b/1', 'c/1', 'c/2']) assert.ok(add(waiting, text));
    assert.equal(waiting.size, 6);
    assert.deepEqual([...waiting.of('c')], ['c/1', 'c/2']);
    assert.deepEqual([...waiting.of('d')], []);
    assert.deepEqual(takeAll(waiting), ['a/1', 'b/1', 'c/1', 'a/2', 'c/2', 'a/3']);
    assert.equal(waiting.size, 0);
  });

  it('wait once each, as they were added first', () => {
    const waiting = new InTurn<string>({ most: 1, mostOfOwner: 1 });
    assert.ok(add(waiting, 'a/1', ' first'));
    assert.ok(add(waiting, 'a/1', ' again'));
    assert.equal(waiting.get('a', '1'), 'a/1 first');
    assert.deepEqual(takeAll(waiting), ['a/1 first']);
    assert.equal(waiting.get('a', '1'), undefined);
    assert.ok(add(waiting, 'a/1', ' later'));
    assert.deepEqual(takeAll(waiting), ['a/1 later']);
  });

  it('are limited, for one owner and for all', () => {
    const waiting = new InTurn<string>({ most: 3, mostOfOwner: 2 });
    const added = ['a/1', 'a/2', 'a/3', 'b/1', 'c/1'].map((text) => add(waiting, text));
    assert.deepEqual(added, [true, true, false, true, false]);
    waiting.take();
    assert.ok(add(waiting, 'c/1'));
  });

  it('can be removed', () => {
    const waiting = new InTurn<string>({ most: 2, mostOfOwner: 2 });
    for (const text of ['a/1', 'b/1']) add(waiting, text);
    waiting.delete('a', '1');
    waiting.delete('a', '1');
    assert.equal(waiting.size, 1);
    assert.deepEqual(takeAll(waiting), ['b/1']);
  });

  it('are passed over while their owner is not allowed, and keep its turn', () => {
    const waiting = new InTurn<string>({ most: 9, mostOfOwner: 9 });
    for (const text of ['a/1', 'b/1', 'b/2']) add(waiting, text);
    assert.equal(
      waiting.take((owner) => owner !== 'a'),
      'b/1',
    );
    assert.equal(
      waiting.take(() => false),
      undefined,
    );
    assert.deepEqual(takeAll(waiting), ['a/1', 'b/2']);
  });
});
