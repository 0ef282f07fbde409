import assert from 'node:assert/strict';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, it } from 'node:test';
import { BytesInFlight } from '../../src/server/bytes-in-flight.ts';

const MIB = 1024 * 1024;

const request = (): ServerResponse => new ServerResponse(new IncomingMessage(new Socket()));

describe('the bytes in flight', () => {
  it('of one address are taken away, the oldest first, if another address needs some', () => {
    const bytes = new BytesInFlight();
    const hostile = Array.from({ length: 9 }, request);
    for (const response of hostile) bytes.take('attacker', 8 * MIB, response);
    assert.deepEqual(
      hostile.map(({ destroyed }) => destroyed),
      [true, ...Array.from({ length: 8 }, () => false)],
    );
    const another = request();
    assert.ok(bytes.take('api server', 3 * MIB, another));
    assert.equal(another.destroyed, false);
    assert.deepEqual(
      hostile.slice(0, 3).map(({ destroyed }) => destroyed),
      [true, true, false],
    );
  });

  it('of a body are used for its own answer', () => {
    const bytes = new BytesInFlight();
    const requests = Array.from({ length: 8 }, request);
    for (const response of requests) assert.ok(bytes.take('api server', 8 * MIB, response));
    for (const response of requests) assert.ok(bytes.take('api server', 100 * 1024, response));
    assert.ok(requests.every(({ destroyed }) => !destroyed));
    assert.equal(bytes.take('api server', 64 * MIB + 1, requests[0] ?? request()), false);
    assert.equal(requests[0]?.destroyed, false, 'it can still be refused');
  });

  it('are free again when their request has ended', async () => {
    const bytes = new BytesInFlight();
    for (let round = 0; round < 100; round += 1) {
      const response = request();
      assert.ok(bytes.take('a', 64 * MIB, response));
      response.destroy();
      await nextTurn();
    }
  });

  it('are only refused to a body that needs more than all of them', () => {
    const bytes = new BytesInFlight();
    assert.equal(bytes.take('a', 64 * MIB + 1, request()), false);
    assert.ok(bytes.take('a', 64 * MIB, request()));
    assert.ok(bytes.take('b', 64 * 1024, request()));
  });
});
