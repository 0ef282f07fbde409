import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AsciiWriter } from '../../src/telemetry/ascii-writer.ts';

describe('text written byte by byte', () => {
  it('is taken once', () => {
    const out = new AsciiWriter();
    out.write('a{b="');
    out.write('c"} 1\n');
    assert.equal(out.take().toString(), 'a{b="c"} 1\n');
    assert.equal(out.take().length, 0);
    out.write('d');
    assert.equal(out.take().toString(), 'd');
  });

  it('stays unchanged while more is written', () => {
    const out = new AsciiWriter();
    out.write('first');
    const taken = out.take();
    out.write('other');
    assert.equal(taken.toString(), 'first');
  });

  it('can have any length', () => {
    const out = new AsciiWriter();
    const line = `${'x'.repeat(99_999)}\n`;
    for (let count = 0; count < 20; count += 1) out.write(line);
    assert.equal(out.take().toString(), line.repeat(20));
  });
});
