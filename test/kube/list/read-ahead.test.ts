import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { ReadAhead } from '../../../src/kube/list/read-ahead.ts';

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
const none = (): void => undefined;

/** A body to which the test writes; `taken` gives the number of bytes that were read. */
function makeBody() {
  const body = new PassThrough({ readableHighWaterMark: 1, writableHighWaterMark: 1 });
  let taken = 0;
  const write = (length: number): void =>
    void body.write(Buffer.alloc(length, 'x'), () => {
      taken += length;
    });
  return { body, write, taken: () => taken };
}

/** Reads the rest; gives its number of bytes. */
async function drain(chunks: AsyncIterable<Buffer>): Promise<number> {
  let sum = 0;
  for await (const { length } of chunks) sum += length;
  return sum;
}

async function settle(): Promise<void> {
  for (let index = 0; index < 50; index += 1) await turn();
}

describe('reading ahead', () => {
  it('gives all chunks in order, and the end of the body as soon as it has arrived', async () => {
    const body = new PassThrough();
    const tails: string[] = [];
    const chunks = new ReadAhead().read(body, (tail) => tails.push(tail.toString()));
    body.write('a'.repeat(3_000));
    const first = await chunks.next();
    assert.equal(String(first.value).length, 3_000);
    body.write('b'.repeat(2_000));
    body.end('the end');
    await settle();
    assert.deepEqual(tails, [`${'a'.repeat(41)}${'b'.repeat(2_000)}the end`]);
    const rest: string[] = [];
    for await (const chunk of chunks) rest.push(chunk.toString());
    assert.equal(rest.join(''), `${'b'.repeat(2_000)}the end`);
    assert.equal(tails.length, 1);
  });

  it('keeps only chunks for which there is room, for all bodies together', async () => {
    const readAhead = new ReadAhead(1_000);
    const [one, other] = [makeBody(), makeBody()];
    const [ofOne, ofOther] = [readAhead.read(one.body, none), readAhead.read(other.body, none)];
    for (let index = 0; index < 20; index += 1) for (const { write } of [one, other]) write(100);
    const first = await Promise.all([ofOne.next(), ofOther.next()]);
    const [begunOne = 0, begunOther = 0] = first.map(({ value }) => value?.length);
    await settle();
    const sum = one.taken() + other.taken();
    assert.ok(sum < 1_800, `${sum} bytes were read with room for 1,000`);
    // No reader starves: when the room is used up, each continues chunk by chunk.
    one.body.end();
    other.body.end();
    assert.equal(begunOther + (await drain(ofOther)), 2_000);
    assert.equal(begunOne + (await drain(ofOne)), 2_000);
    const again = makeBody();
    const ofAgain = readAhead.read(again.body, none);
    for (let index = 0; index < 8; index += 1) again.write(100);
    await ofAgain.next();
    await settle();
    assert.ok(again.taken() >= 700, 'what was parsed makes room');
  });

  it('throws the error of the body after the chunks that arrived before', async () => {
    const body = new PassThrough();
    const chunks = new ReadAhead().read(body, () => assert.fail('a body that was aborted has no end'));
    body.write('a');
    assert.equal(String((await chunks.next()).value), 'a');
    body.write('b');
    await settle();
    body.destroy(new Error('gone'));
    await settle();
    assert.equal(String((await chunks.next()).value), 'b');
    await assert.rejects(chunks.next(), /gone/);
  });

  it('ends the body if the rest is not needed, and its room is free again', async () => {
    const readAhead = new ReadAhead(100);
    const body = new PassThrough();
    body.write(Buffer.alloc(500));
    for await (const chunk of readAhead.read(body, none)) {
      assert.equal(chunk.length, 500);
      body.write(Buffer.alloc(500));
      await settle();
      break;
    }
    assert.ok(body.destroyed);
    const next = makeBody();
    const chunks = readAhead.read(next.body, none);
    for (let index = 0; index < 4; index += 1) next.write(20);
    await chunks.next();
    await settle();
    assert.equal(next.taken(), 80);
  });
});
