import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { rotateCommand } from '../../src/commands/rotate.ts';
import { runCommand } from './captured-io.ts';

describe('rotate', () => {
  for (const [args, says] of [
    [[], /the name of a JWT is missing/],
    [['a', 'b'], /rotate one JWT at a time/],
    [['a', '--wait', 'soon'], /--wait must be a duration/],
    [['a', '--wait', '5m'], /--wait 5m is shorter than 15 min, .* or add --force/],
    [['a', '--algorithm', 'EdDSA'], /--algorithm must be ES256 or RS256/],
    [['a', '--timeout', '0'], /--timeout must be a duration/],
    [['a', '-o', 'table'], /-o must be json or yaml/],
  ] as const) {
    it(`ends with exit code 2 for wrong usage (${args.join(' ')})`, async () => {
      const { code, out, err } = await runCommand(rotateCommand, args);
      assert.deepEqual([code, out], [2, '']);
      assert.match(err, says);
    });
  }
});
