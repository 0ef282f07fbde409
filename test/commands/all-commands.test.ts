import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { COMMANDS } from '../../src/commands/all-commands.ts';
import { runCommand } from './captured-io.ts';

describe('the help', () => {
  for (const [verb, { load }] of Object.entries(COMMANDS)) {
    it(`of ${verb} ends with 0, and its examples use flags that exist`, async () => {
      const command = await load();
      const { code, out, err } = await runCommand(command, ['--help']);
      assert.deepEqual([code, err], [0, '']);
      const [, examples = ''] = /^Examples:\n((?: {2}.*\n)+)/m.exec(out) ?? [];
      const calls = examples.trimEnd().split('\n');
      const known = new Set(['help', ...Object.keys(command.offers?.flags ?? {})]);
      for (const call of calls) {
        assert.ok(`${call} `.startsWith(`  jwt-injector ${verb} `), call);
        for (const [, flag = ''] of call.matchAll(/ --([a-z-]+)/g)) assert.ok(known.has(flag), call);
      }
    });
  }
});
