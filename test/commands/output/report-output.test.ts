import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Command } from '../../../src/commands/command.ts';
import { printReport } from '../../../src/commands/output/report-output.ts';
import { formatTable } from '../../../src/commands/output/table.ts';
import { runCommand } from '../captured-io.ts';

/** A text in a token that tries to look valid, with a sequence that our own styles use. */
const FORGED = '\u001B[32mvalid\u001B[39m';

const show: Command = async (_args, io) => {
  printReport(io, 'human', FORGED, (text, paint) =>
    formatTable([
      [paint('red', `expired ${text}`), 'x'],
      [text, 'y'],
      [paint('bold', 'Token of it:'), 'z'],
    ]),
  );
  return 0;
};

describe('a report for people', () => {
  it('has our own colours on a terminal, and no foreign ones', async () => {
    const { out } = await runCommand(show, [], { terminal: true });
    assert.deepEqual(out.split('\n'), [
      '\u001B[31mexpired  [32mvalid [39m\u001B[39m  x',
      ' [32mvalid [39m          y',
      '\u001B[1mToken of it:\u001B[22m             z',
      '',
    ]);
  });

  it('has no colours if it is not on a terminal', async () => {
    const { out } = await runCommand(show, []);
    assert.deepEqual(out.split('\n'), [
      'expired  [32mvalid [39m  x',
      ' [32mvalid [39m          y',
      'Token of it:             z',
      '',
    ]);
  });

  it('is the same on a terminal with NO_COLOR', async () => {
    const before = process.env['NO_COLOR'];
    process.env['NO_COLOR'] = '1';
    try {
      const { out } = await runCommand(show, [], { terminal: true });
      assert.ok(!out.includes('\u001B'));
    } finally {
      if (before === undefined) delete process.env['NO_COLOR'];
      else process.env['NO_COLOR'] = before;
    }
  });
});
