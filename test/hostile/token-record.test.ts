import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { listSecrets } from './fake-cluster.ts';
import { createTokenRecord } from './token-record.ts';

/** A whole second of 2027. Times below are in seconds after it. */
const START_MS = 1_800_000_000_000;

/** A record whose clock the test sets. `look` is answered at once. */
function startRecord(count = 1) {
  let nowMs = START_MS;
  const jwts = Array.from({ length: count }, (_, number) => `token-${number}`);
  const record = createTokenRecord(jwts, () => nowMs);
  const at = (seconds: number): void => void (nowMs = START_MS + seconds * 1000);
  const secretsOf = (expires: number, stored: number, size = count) =>
    listSecrets(size, START_MS / 1000 + expires, new Date(START_MS + stored * 1000)).body['items'];
  /** A look at tokens that expire and were stored at these times. */
  const look = (seconds: number, expires: number, stored: number): void => {
    at(seconds);
    record.beginLook().end(secretsOf(expires, stored));
  };
  return { record, at, look, secretsOf };
}

describe('a renewal', () => {
  it('is late from half the life of its token on, until a new one was stored', () => {
    const { record, look } = startRecord();
    look(0, 60, 0);
    look(30, 60, 0);
    assert.equal(record.takeLateness().latestMs, 0);
    look(40, 60, 0); // due for ten seconds, and not renewed
    assert.deepEqual(record.takeLateness(), { latestMs: 10_000, latest: 'token-0 at 08:00:40Z' });
    look(50, 102, 42); // the look is later than the write
    assert.deepEqual(record.takeLateness(), { latestMs: 12_000, latest: 'token-0 at 08:00:42Z' });
    look(51, 102, 42);
    assert.deepEqual(record.takeLateness(), { latestMs: 0, latest: '' });
    assert.deepEqual(record.takeHarms(), []);
  });

  it('that was due while nobody could renew is late only from then on', () => {
    const { record, at, look } = startRecord();
    look(0, 60, 0);
    look(40, 60, 0);
    at(41);
    record.forget();
    look(45, 60, 0);
    assert.equal(record.takeLateness().latestMs, 4_000);
  });

  it('is not late while the service starts again', () => {
    const { record, look } = startRecord();
    look(0, 60, 0);
    record.suspend();
    look(70, 60, 0);
    look(71, 131, 71);
    record.resume();
    look(72, 131, 71);
    assert.deepEqual([record.takeLateness().latestMs, record.takeHarms()], [0, []]);
  });
});

describe('an expired token', () => {
  it('is a harm from the first look that was asked after its end', () => {
    const { record, at, look, secretsOf } = startRecord();
    look(0, 60, 0);
    at(59);
    const slow = record.beginLook();
    at(62);
    slow.end(secretsOf(60, 0)); // it describes a time from 59 s on
    assert.deepEqual(record.takeHarms(), []);
    look(63, 60, 0);
    assert.deepEqual(record.takeHarms(), ['token-0 held an expired token']);
  });

  it('that was replaced before anybody looked is a harm, too', () => {
    const { record, at, look, secretsOf } = startRecord();
    look(50, 60, 0);
    at(59.9);
    const slow = record.beginLook();
    at(63);
    slow.end(secretsOf(122, 62));
    assert.deepEqual(record.takeHarms(), ['token-0 held an expired token for 2.0 s']);
    assert.equal(record.takeLateness().latestMs, 32_000);
  });

  it('is reported once, with its time when that is known', () => {
    const { record, look } = startRecord();
    look(50, 60, 0);
    look(61, 60, 0);
    look(65, 122, 62);
    assert.deepEqual(record.takeHarms(), ['token-0 held an expired token for 2.0 s']);
  });
});

describe('a time in which nobody looked', () => {
  it('is a gap, and makes no renewal late: the token between was not seen', () => {
    const { record, look } = startRecord();
    look(10, 60, 0);
    look(29, 60, 0); // due at 30; one stored then, on time, is due at 60
    look(61, 120, 60);
    assert.deepEqual(record.takeLateness().latestMs, 0);
    assert.deepEqual(record.takeHarms(), []);
    assert.deepEqual(record.takeGaps(), ['nobody saw the tokens for 32.0 s']);
    look(62, 120, 60);
    assert.deepEqual(record.takeGaps(), []);
  });

  it('does not hide a token that was not renewed', () => {
    const { record, look } = startRecord();
    look(10, 60, 0);
    look(61, 60, 0);
    assert.equal(record.takeLateness().latestMs, 31_000);
    assert.deepEqual(record.takeHarms(), ['token-0 held an expired token']);
  });

  it('includes looks that failed', () => {
    const { record, at, look } = startRecord();
    look(0, 120, 0);
    at(20);
    record.beginLook().fail('no answer');
    assert.deepEqual(record.takeGaps(), ['no answer']);
    look(30, 120, 0);
    assert.deepEqual(record.takeGaps(), ['nobody saw the tokens for 30.0 s']);
  });
});

describe('a missing token', () => {
  it('is a harm', () => {
    const { record, secretsOf } = startRecord(3);
    record.beginLook().end(secretsOf(60, 0, 2));
    assert.deepEqual(record.takeHarms(), ['1 of 3 Secrets have no token']);
  });

  it('is nothing to a look that began before all was forgotten', () => {
    const { record, secretsOf } = startRecord(3);
    const running = record.beginLook();
    record.forget();
    running.end(secretsOf(60, 0, 0));
    assert.deepEqual(record.takeHarms(), []);
  });
});

describe('a token is of the time after a new start', () => {
  for (const [what, stored, seen, isNew] of [
    ['if it was stored and seen after it', 12, 13, true],
    ['not if it was stored before it, and only seen after it', 9, 13, false],
    ['if it was stored in its second, of which the API server notes no parts', 10, 13, true],
    ['not if it was seen before it', 30, 10.2, false],
  ] as const) {
    it(what, () => {
      const { record, look } = startRecord();
      look(seen, 90, stored);
      assert.equal(record.isRenewedSince(START_MS + 10_500), isNew);
    });
  }
});
