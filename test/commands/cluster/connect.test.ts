import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { certsCommand } from '../../../src/commands/certs.ts';
import type { Command } from '../../../src/commands/command.ts';
import { doctorCommand } from '../../../src/commands/doctor.ts';
import { explainCommand } from '../../../src/commands/explain.ts';
import { inspectCommand } from '../../../src/commands/inspect.ts';
import { jwksCommand } from '../../../src/commands/jwks.ts';
import { migrateCommand } from '../../../src/commands/migrate.ts';
import { renewCommand } from '../../../src/commands/renew.ts';
import { statusCommand } from '../../../src/commands/status.ts';
import { verifyCommand } from '../../../src/commands/verify.ts';
import { refuse } from '../../kube/bad-server.ts';
import { startStoredApi, type StoredApi } from '../stored-api.ts';

const CALLS: readonly (readonly [command: Command, ...args: readonly string[]])[] = [
  [certsCommand],
  [doctorCommand],
  [explainCommand, 'jwt', 'x'],
  [explainCommand, 'pod', 'x'],
  [inspectCommand, 'x'],
  [jwksCommand, 'x'],
  [migrateCommand, 'check', '-A'],
  [migrateCommand, 'clean', '-A'],
  [renewCommand, 'x'],
  [statusCommand, '-A'],
  [statusCommand, 'x'],
  [verifyCommand, '-A'],
];

describe('a command whose credentials the API server does not accept', () => {
  let api: StoredApi;
  before(async () => {
    api = await startStoredApi();
    api.interfere = (_request, response) => {
      refuse(response, 401, 'Unauthorized');
      return 'answered';
    };
  });
  after(() => api[Symbol.asyncDispose]());

  for (const [index, [command, ...args]] of CALLS.entries()) {
    it(`ends with exit code 3, and says so in one line (${index + 1}. ${args.join(' ')})`, async () => {
      const { code, out, err } = await api.run(command, ...args);
      assert.deepEqual([code, out], [3, '']);
      assert.match(err, /^error: the API server does not accept your credentials: .*\n$/);
    });
  }
});
