import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import fc from 'fast-check';
import { standardOutput } from '../../src/telemetry/standard-output.ts';

/** A pipe that holds `room` bytes until they are read. */
class Pipe {
  taken = '';
  /** The error of a write that does not fit: of a pipe, or of a disk. */
  code = 'EAGAIN';
  room: number;

  constructor(room: number) {
    this.room = room;
  }

  write(bytes: Uint8Array): number {
    if (this.room === 0) throw Object.assign(new Error('full'), { code: this.code });
    const some = Buffer.from(bytes.subarray(0, this.room)).toString();
    this.taken += some;
    this.room -= some.length;
    return some.length;
  }
}

describe('standard output', () => {
  const withPipe = (room: number, test: (pipe: Pipe, write: (text: string) => void) => void): void => {
    mock.timers.enable({ apis: ['setTimeout'] });
    const others = new Set(process.listeners('exit'));
    try {
      const pipe = new Pipe(room);
      const output = standardOutput((bytes) => pipe.write(bytes));
      test(pipe, (text) => output.write(text));
      pipe.room = Number.POSITIVE_INFINITY; // nothing is left for the exit
      mock.timers.tick(20);
    } finally {
      mock.timers.reset();
      for (const own of process.listeners('exit')) if (!others.has(own)) process.off('exit', own);
    }
  };

  it('accepts each text at once', () => {
    withPipe(100, (pipe, write) => {
      write('a\n');
      assert.equal(pipe.taken, 'a\n');
    });
  });

  it('keeps the text that a full pipe does not accept, in order, and continues when it is read', () => {
    withPipe(3, (pipe, write) => {
      write('abcde');
      write('f');
      assert.equal(pipe.taken, 'abc');
      pipe.room = 2;
      mock.timers.tick(20);
      assert.equal(pipe.taken, 'abcde');
      write('g');
      pipe.room = 10;
      mock.timers.tick(20);
      assert.equal(pipe.taken, 'abcdefg');
      write('h');
      assert.equal(pipe.taken, 'abcdefgh');
    });
  });

  it('keeps 4 MiB for a reader that has stopped, drops what follows, and says so', () => {
    withPipe(0, (pipe, write) => {
      const piece = `${'x'.repeat(1024 * 1024)}\n`;
      for (let written = 0; written < 7; written += 1) write(piece);
      pipe.room = Number.POSITIVE_INFINITY;
      mock.timers.tick(20);
      assert.equal(pipe.taken, piece.repeat(4));
      write('after\n');
      assert.match(
        pipe.taken.slice(4 * piece.length),
        /^\{"level":"warn","time":"[^"]+","msg":"3 pieces .* missing: .*"\}\nafter\n$/,
      );
    });
  });

  it('says what a full disk did not take, on a line of its own', () => {
    withPipe(5, (pipe, write) => {
      pipe.code = 'ENOSPC';
      write('{"a":1}\n');
      write('{"b":2}\n');
      assert.equal(pipe.taken, '{"a":');
      pipe.room = Number.POSITIVE_INFINITY;
      write('{"c":3}\n');
      write('{"d":4}\n');
      const [cut, loss = '', ...rest] = pipe.taken.split('\n');
      assert.deepEqual([cut, rest], ['{"a":', ['{"c":3}', '{"d":4}', '']]);
      const { level, msg } = JSON.parse(loss) as Record<string, unknown>;
      assert.equal(level, 'warn');
      assert.match(String(msg), /^2 pieces of this log are missing: .*ENOSPC/);
    });
  });

  it('says it again if the disk was full after the first words of that', () => {
    withPipe(3, (pipe, write) => {
      pipe.code = 'EDQUOT';
      write('abc\n');
      pipe.room = 9;
      write('def\n');
      pipe.room = Number.POSITIVE_INFINITY;
      write('ghi\n');
      assert.match(pipe.taken, /^abc\n\{"level"\n\{.*"2 pieces .*\}\nghi\n$/);
    });
  });

  it('says of each text that is not there that it is missing, once, whatever takes it', () => {
    const state = fc.record({
      room: fc.integer({ min: 0, max: 250 }),
      code: fc.constantFrom('EAGAIN', 'ENOSPC'),
      texts: fc.integer({ min: 0, max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(state, { maxLength: 12 }), (states) => {
        let written = 0;
        let output = '';
        withPipe(0, (pipe, write) => {
          const writeNext = (): void => {
            written += 1;
            write(`text-${String(written).padStart(3, '0')}\n\n`); // two, so that a cut one does not look whole
          };
          for (const { room, code, texts } of states) {
            Object.assign(pipe, { room, code });
            mock.timers.tick(20);
            for (let index = 0; index < texts; index += 1) writeNext();
          }
          pipe.room = Number.POSITIVE_INFINITY;
          mock.timers.tick(20);
          writeNext();
          output = pipe.taken;
        });
        const whole = output.match(/^text-\d{3}\n\n/gm) ?? [];
        const losses = [...output.matchAll(/^\{"level":"warn",.*"msg":"(\d+) pieces.*\}$/gm)];
        const missing = losses.reduce((sum, [, count]) => sum + Number(count), 0);
        assert.equal(whole.length + missing, written, output);
      }),
      { numRuns: 500 },
    );
  });

  it('does not end the process after the reader has ended', () => {
    const output = standardOutput(() => {
      throw Object.assign(new Error('gone'), { code: 'EPIPE' });
    });
    output.write('a\n');
  });
});
