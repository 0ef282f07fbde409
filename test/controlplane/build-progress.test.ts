import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { describeProgress, formatTime, showProgress } from './build-progress.ts';

describe('the progress of a build', () => {
  it('says percent, elapsed time and an estimate of the rest', () => {
    assert.equal(
      describeProgress('compiling', 685, 2740, 90_000),
      '  compiling: 25 % of 2740 packages, 1 min 30 s gone, about 8 min 15 s left',
    );
  });

  it('gives no estimate in the first seconds', () => {
    assert.match(describeProgress('compiling', 300, 2740, 9000), /10 % .* estimating what is left$/);
  });

  it('never says 100 % while it runs', () => {
    assert.match(describeProgress('compiling', 2740, 2740, 380_000), / 99 % .* about 5 s left$/);
  });

  it('writes minutes with two digits of seconds', () => {
    assert.deepEqual([0, 59_400, 60_000, 605_000].map(formatTime), [
      '0 s',
      '59 s',
      '1 min 00 s',
      '10 min 05 s',
    ]);
  });

  it('updates one line on a terminal and writes a line every 30 s elsewhere', (t) => {
    t.after(() => mock.timers.reset());
    mock.timers.enable({ apis: ['setInterval'] });
    const written = { terminal: '', file: '' };
    const terminal = showProgress({ isTTY: true, write: (text) => (written.terminal += text) });
    const file = showProgress({ write: (text) => (written.file += text) });
    for (const progress of [terminal, file]) progress.set('compiling', 1, 4);
    mock.timers.tick(61_000);
    for (const progress of [terminal, file]) progress.end();
    mock.timers.tick(61_000);
    assert.equal(written.terminal.split('\r').length, 1 + 61 + 1);
    assert.ok(!written.terminal.includes('\n'));
    assert.equal(written.file.match(/^ {2}compiling: 25 % of 4 packages, .*\n/gm)?.length, 2);
  });
});
