import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, it, mock } from 'node:test';
import { bufferLines } from '../../src/telemetry/line-buffer.ts';

const LOGGER = join(import.meta.dirname, '../../src/telemetry/logger.ts');

describe('buffered lines', () => {
  it('are written together a quarter of a second later, or when there are many', () => {
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

  // More than a pipe holds, so that some of it waits when the process ends.
  const LINES = 20_000;
  const ends = {
    'runs out of work': '',
    'exits at once': 'process.exit(0);',
    'exits while its threads are busy':
      'pbkdf2("x", "x", 2e6, 64, "sha512", () => {}); setTimeout(() => { say(1); process.exit(0); }, 300);',
    'is ended by a bug': 'throw new Error("bug");',
  };
  for (const [how, code] of Object.entries(ends)) {
    it(`are all written, and in their order, when the process ${how}`, () => {
      const script = `import { pbkdf2 } from 'node:crypto';
        import { createLogger } from ${JSON.stringify(LOGGER)};
        process.stdout.on('error', () => {}); // as in main.ts: from then on a full pipe blocks no write
        const logger = createLogger({ level: 'info' });
        let line = 0;
        const say = (lines) => { for (const end = line + lines; line < end; line += 1) logger.info({ line }, 'said'); };
        say(${LINES});
        ${code}`;
      const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
        encoding: 'utf8',
        maxBuffer: 16 * 1024 * 1024,
        env: { ...process.env, UV_THREADPOOL_SIZE: '1' },
      });
      const numbers = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).line);
      const expected = LINES + (code.includes('say(1)') ? 1 : 0);
      assert.deepEqual(
        numbers,
        Array.from({ length: expected }, (_, line) => line),
      );
    });
  }
});
