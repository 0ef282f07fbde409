import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KubeError, type Cause } from '../../../src/kube/errors.ts';
import { WatchHealth } from '../../../src/kube/watch/watch-health.ts';

const LOG = { debug: () => {}, info: () => {}, warn: () => {} };

function refusal(status: number, reason: string, causes: readonly Cause[] = []): KubeError {
  return new KubeError({ verb: 'watch', resource: 'secrets', status, reason, causes });
}

/** The result of each of `times` failures of a watch in a row. */
function failWatches(error: unknown, times: number, lasted = 0) {
  const health = new WatchHealth('secrets', LOG, () => 0);
  return Array.from({ length: times }, () => health.failWatch(error, lasted));
}

/** The failures after which a list has to come, counted from 1. */
function listsAfter(
  failures: readonly Pick<ReturnType<WatchHealth['failWatch']>, 'next'>[],
): readonly number[] {
  return failures.flatMap(({ next }, index) => (next === 'watch' ? [] : index + 1));
}

describe('a watch that fails', () => {
  const KEPT: readonly KubeError[] = [
    refusal(429, 'TooManyRequests'),
    refusal(502, 'BadGateway'),
    refusal(503, 'ServiceUnavailable'),
    refusal(504, 'GatewayTimeout'),
    refusal(0, 'Unreachable'),
    refusal(0, 'Deadline'),
    refusal(0, 'Tls'),
    refusal(0, 'Credentials'),
  ];
  for (const error of KEPT) {
    it(`with ${error.reason} continues from where it was, and lists after thirty failures`, () => {
      assert.deepEqual(listsAfter(failWatches(error, 65)), [30, 60]);
    });
  }

  it('keeps the resourceVersion for the case that the list fails, too, unless it is of no use', () => {
    assert.equal(failWatches(refusal(0, 'Unreachable'), 30).at(-1)?.next, 'tryList');
    assert.equal(failWatches(refusal(403, 'Forbidden'), 3).at(-1)?.next, 'tryList');
    assert.equal(failWatches(refusal(410, 'Expired'), 1).at(-1)?.next, 'list');
  });

  it('with a refusal continues twice, then lists, then half as often each time, until it is as often as others', () => {
    for (const error of [refusal(403, 'Forbidden'), refusal(500, 'InternalError'), refusal(0, 'Malformed')]) {
      assert.deepEqual(listsAfter(failWatches(error, 110)), [3, 9, 21, 45, 75, 105]);
    }
  });

  it('lists after three refusals, neither sooner nor later because of an outage before', () => {
    for (const outage of [3, 20, 60]) {
      const health = new WatchHealth('secrets', LOG, () => 0);
      const fail = (error: KubeError) => health.failWatch(error, 0);
      for (let times = 0; times < outage; times += 1) fail(refusal(0, 'Unreachable'));
      const refused = [1, 2, 3].map(() => fail(refusal(403, 'Forbidden')));
      assert.deepEqual(listsAfter(refused), [3], `after ${outage} failures`);
    }
  });

  it('lists after thirty failures of any kinds', () => {
    const health = new WatchHealth('secrets', LOG, () => 0);
    const ends = Array.from({ length: 65 }, (_, index) =>
      index % 2 === 0 ? health.closeWatch(0) : health.failWatch(refusal(0, 'Unreachable'), 0),
    );
    assert.deepEqual(listsAfter(ends), [30, 60]);
  });

  it('after it stood for half a minute, as behind a load balancer that resets idle connections, needs no list', () => {
    for (const error of [refusal(0, 'Unreachable'), refusal(500, 'InternalError')]) {
      assert.deepEqual(listsAfter(failWatches(error, 65, 60_000)), []);
    }
  });

  it('lists as soon as at first when it worked meanwhile, be it that nothing came', () => {
    const health = new WatchHealth('secrets', LOG, () => 0);
    const fail = () => health.failWatch(refusal(403, 'Forbidden'), 0);
    const first = [fail(), fail(), fail(), fail()];
    health.work();
    const second = [fail(), fail(), fail(), fail()];
    health.closeWatch(30_000);
    const third = [fail(), fail(), fail(), fail()];
    for (const each of [first, second, third]) assert.deepEqual(listsAfter(each), [3]);
    assert.equal(health.problem, 'Forbidden');
    health.closeWatch(29_999);
    assert.equal(health.problem, 'Forbidden');
    health.closeWatch(30_000);
    assert.equal(health.problem, undefined);
  });

  it('lists at once after a resourceVersion that etcd does not know yet, and after a bug', () => {
    const tooLarge = refusal(504, 'Timeout', [{ field: '', reason: 'ResourceVersionTooLarge' }]);
    for (const error of [tooLarge, new TypeError('bug')]) {
      assert.deepEqual(failWatches(error, 1), [{ delay: 1_000, next: 'list' }]);
    }
  });

  it('lists at once after a 410, and waits only if the next one follows', () => {
    assert.deepEqual(failWatches(refusal(410, 'Expired'), 3), [
      { delay: 0, next: 'list' },
      { delay: 2_000, next: 'list' },
      { delay: 4_000, next: 'list' },
    ]);
  });

  it('has a longer pause each time, unless it was open for half a minute', () => {
    const error = refusal(500, 'InternalError');
    assert.deepEqual(
      failWatches(error, 5).map(({ delay }) => delay),
      [1_000, 2_000, 4_000, 8_000, 8_000],
    );
    assert.ok(failWatches(error, 5, 30_000).every(({ delay }) => delay === 1_000));
    assert.ok(failWatches(error, 2, 29_999).some(({ delay }) => delay === 2_000));
  });
});

describe('a watch that the API server ends', () => {
  const closeWatches = (times: number, lasted: number) => {
    const health = new WatchHealth('secrets', LOG, () => 0);
    return Array.from({ length: times }, () => health.closeWatch(lasted));
  };

  it('as soon as it began counts as one that failed', () => {
    const ends = closeWatches(65, 999);
    assert.deepEqual(listsAfter(ends), [30, 60]);
    assert.deepEqual(
      ends.slice(0, 5).map(({ delay }) => delay),
      [1_000, 2_000, 4_000, 8_000, 8_000],
    );
  });

  it('later has said what there was: no list, nor a pause', () => {
    assert.ok(closeWatches(65, 1_000).every(({ delay, next }) => delay === 0 && next === 'watch'));
  });
});

describe('a list that fails', () => {
  it('with 404 twice in a row says that the resource is gone', () => {
    const health = new WatchHealth('jwts', LOG, () => 0);
    assert.equal(health.failList(refusal(404, 'NotFound')).isGone, false);
    assert.equal(health.failList(refusal(404, 'NotFound')).isGone, true);
    assert.equal(health.failList(refusal(500, 'InternalError')).isGone, false);
  });

  it('with 404 once, at the end of an outage, does not', () => {
    const health = new WatchHealth('jwts', LOG, () => 0);
    for (let times = 0; times < 30; times += 1) health.failWatch(refusal(0, 'Unreachable'), 0);
    assert.equal(health.failList(refusal(404, 'NotFound')).isGone, false);
    health.failWatch(refusal(404, 'NotFound'), 0);
    assert.equal(health.failList(refusal(404, 'NotFound')).isGone, true);
  });
});
