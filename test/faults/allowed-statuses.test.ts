import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { allowedStatuses, FAULT_NAMES } from './allowed-statuses.ts';
import { FAULTS } from './catalogue.ts';

describe('the statuses that a fault allows', () => {
  it('are zero if the table does not name it', () => {
    assert.equal(allowedStatuses('leader-killed'), 0);
  });

  it('are those of the beginning of its name', () => {
    assert.equal(allowedStatuses('key-spoilt-public'), allowedStatuses('key-spoilt-'));
    assert.notEqual(allowedStatuses('key-spoilt-public'), 0);
  });

  it('are only of faults that there are', () => {
    const unknown = FAULT_NAMES.filter((beginning) => !FAULTS.some(({ name }) => name.startsWith(beginning)));
    assert.deepEqual(unknown, []);
  });
});
