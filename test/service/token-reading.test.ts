import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readingOf } from '../../src/service/token-reading.ts';
import { makeJwt } from '../fixtures/jwts.ts';

const EXPIRY = Date.UTC(2026, 0, 1, 12) / 1000;

function ready(status: string, expiresAt: string | undefined, now: number): boolean {
  const jwt = makeJwt({}, { status: { conditions: [{ type: 'Ready', status }], expiresAt } });
  return readingOf(jwt, now).ready;
}

describe('the gauge token_ready', () => {
  it('is 1 until the token expires, and 0 from then on, whatever the status still says', () => {
    assert.equal(ready('True', '2026-01-01T12:00:00Z', EXPIRY - 1), true);
    assert.equal(ready('True', '2026-01-01T12:00:00Z', EXPIRY), false);
  });

  it('is 0 while the status does not say Ready, or does not tell until when', () => {
    assert.equal(ready('False', '2026-01-01T12:00:00Z', 0), false);
    assert.equal(ready('Unknown', '2026-01-01T12:00:00Z', 0), false);
    assert.equal(ready('True', undefined, 0), false);
  });
});
