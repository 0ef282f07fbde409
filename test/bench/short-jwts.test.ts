import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { keptFresh, minRenewals, readLateness, SHORT } from './short-jwts.ts';

/** `/metrics` with `total` renewals, `inTime` of them within a second. */
function metricsWith(total: number, inTime: number): string {
  const name = 'jwt_injector_renewal_lateness_seconds_bucket';
  return `${name}{le="0.1"} ${inTime}\n${name}{le="1"} ${inTime}\n${name}{le="+Inf"} ${total}\n`;
}

/** `/metrics` of the JWTs of a namespace, `ready` of them with a valid token. */
function readyLines(namespace: string, ready: number): string {
  return Array.from(
    { length: SHORT },
    (_, index) =>
      `jwt_injector_token_ready{namespace="${namespace}",name="jwt-${index}"} ${Number(index < ready)}\n`,
  ).join('');
}

describe('the renewals of short-lived JWTs', () => {
  const begin = metricsWith(100, 90);
  const many = minRenewals(600);
  const after = (renewals: number, ready: number) =>
    readLateness(begin, metricsWith(100 + renewals, 90 + renewals) + readyLines('short', ready), 'short');

  it('are those since the beginning', () => {
    assert.deepEqual(after(7_000, SHORT), { total: 7_000, inTime: 7_000, in100: 7_000, ready: SHORT });
  });

  it('are as many as become due in the time: every 30 and 60 s, the first one period after the signature', () => {
    assert.equal(minRenewals(600), 250 * 19 + 250 * 9);
    assert.equal(minRenewals(30), 0);
  });

  it('do not keep tokens fresh if JWTs are never renewed after their first renewal', () => {
    assert.equal(keptFresh(after(SHORT, SHORT), 600), false);
    assert.equal(keptFresh(after(many, SHORT), 600), true);
  });

  it('do not keep tokens fresh if one has expired at the end', () => {
    assert.equal(keptFresh(after(many, SHORT - 1), 600), false);
    const ofOthers = readLateness(begin, metricsWith(100 + many, 90) + readyLines('other', SHORT), 'short');
    assert.equal(keptFresh(ofOthers, 600), false);
  });
});
