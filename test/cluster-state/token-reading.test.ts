import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readingOf } from '../../src/cluster-state/token-reading.ts';
import { makeJwt } from '../fixtures/jwts.ts';

const EXPIRY = Date.UTC(2026, 0, 1, 12) / 1000;

function ready(status: string, expiresAt: string | undefined, now: number): boolean {
  const jwt = makeJwt({}, { status: { conditions: [{ type: 'Ready', status }], expiresAt } });
  return readingOf(jwt, now).ready;
}

describe('the gauge token_ready', () => {
  it('is 1 until the token expires, then 0, even if the status still says Ready', () => {
    assert.equal(ready('True', '2026-01-01T12:00:00Z', EXPIRY - 1), true);
    assert.equal(ready('True', '2026-01-01T12:00:00Z', EXPIRY), false);
  });

  it('is 0 while the status is not Ready, or has no expiry', () => {
    assert.equal(ready('False', '2026-01-01T12:00:00Z', 0), false);
    assert.equal(ready('Unknown', '2026-01-01T12:00:00Z', 0), false);
    assert.equal(ready('True', undefined, 0), false);
  });
});

describe('the gauge token_problem', () => {
  function problems(...reasons: readonly string[]): readonly string[] {
    const conditions = reasons.map((reason, index) => ({ type: `T${index}`, status: 'True', reason }));
    return readingOf(makeJwt({}, { status: { conditions } }), 0).problems;
  }

  it('has the reason of each condition that reports a problem, once', () => {
    assert.deepEqual(problems('Signed', 'Signed'), []);
    assert.deepEqual(problems('LegacyToken', 'Signed'), []);
    assert.deepEqual(problems('WriteRefused', 'Signed', 'Contended'), ['WriteRefused', 'Contended']);
    assert.deepEqual(problems('KeyNotFound', 'KeyNotFound'), ['KeyNotFound']);
  });

  it('has no reason that is not one of ours', () => {
    assert.deepEqual(problems('"} 1\n', 'Contended'), ['Contended']);
  });
});
