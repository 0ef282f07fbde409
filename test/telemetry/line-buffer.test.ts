import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, it, mock } from 'node:test';
import { bufferLines } from '../../src/telemetry/line-buffer.ts';

const LOGGER = join(import.meta.dirname, '../../src/telemetry/logger.ts');

describe('buffered lines', () => {
  it('are finished and go on together a quarter of a second later, or when they are many', () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const written: string[] = [];
      const lines = bufferLines({ write: (text) => void written.push(text) }, (line) => line.toUpperCase());
      lines.write('a\n');
      lines.write('b\n');
      assert.deepEqual(written, []);
      mock.timers.tick(250);
      assert.deepEqual(written, ['A\nB\n']);
      lines.write('c'.repeat(20_000));
      assert.equal(written.length, 2);
      mock.timers.tick(1_000);
      assert.equal(written.length, 2);
    } finally {
      mock.timers.reset();
    }
  });

  const ends = {
    'runs out of work': '',
    'exits at once': 'process.exit(0);',
    'is ended by a bug': 'throw new Error("bug");',
  };
  for (const [how, code] of Object.entries(ends)) {
    it(`are all written when the process ${how}`, () => {
      const script = `import { createLogger } from ${JSON.stringify(LOGGER)};
        const logger = createLogger({ level: 'info' });
        for (let line = 0; line < 300; line += 1) logger.info({ line }, 'said');
        ${code}`;
      const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
        encoding: 'utf8',
      });
      const numbers = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).line);
      assert.deepEqual(
        numbers,
        Array.from({ length: 300 }, (_, line) => line),
      );
    });
  }
});
