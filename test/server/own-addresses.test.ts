import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sortAddresses } from '../../src/server/own-addresses.ts';

describe('the addresses of a pod', () => {
  it('are those at which this machine can listen, in their order', async () => {
    // The second one is for documentation (RFC 5737): no machine has it.
    const sorted = await sortAddresses(['127.0.0.1', '192.0.2.1', '127.0.0.2', '2001:db8::1']);
    assert.deepEqual(sorted, { own: ['127.0.0.1', '127.0.0.2'], foreign: ['192.0.2.1', '2001:db8::1'] });
  });

  it('can be none', async () => {
    assert.deepEqual(await sortAddresses([]), { own: [], foreign: [] });
  });
});
