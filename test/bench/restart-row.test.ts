import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ApiRequests } from './api-requests.ts';
import type { Row } from './report.ts';
import { describeRestart, type RestartRun } from './restart-row.ts';

const BEFORE: ApiRequests = { total: 9, secretsGot: 3, writes: 6, statusesApplied: 2 };
const NOTHING: ApiRequests = { total: 9, secretsGot: 0, writes: 0, statusesApplied: 0 };
/** Writes of the benchmark itself: it creates JWTs, and the API server counts nothing of what the service does. */
const POSTS: ApiRequests = { ...BEFORE, statusesApplied: 0 };
const HELD: RestartRun = {
  evaluatedMs: 1_900,
  listsMs: 1_000,
  signed: 0,
  before: BEFORE,
  after: BEFORE,
};

const judge = (runs: readonly RestartRun[]): Row =>
  describeRestart({ jwts: 10_000, namespaces: 100, runs }, 2);

describe('a restart holds', () => {
  for (const [title, change, holds] of [
    ['if nothing is written and no key is read', {}, true],
    ['not if it takes too long', { evaluatedMs: 2_100 }, false],
    ['not if a token is signed', { signed: 1 }, false],
    ['not if a private key is read', { after: { ...BEFORE, secretsGot: 4 } }, false],
    ['not if the API server counts nothing', { before: NOTHING, after: NOTHING }, false],
    ['not if the API server counts no write of the service', { before: POSTS, after: POSTS }, false],
    ['not if anything is written', { after: { ...BEFORE, writes: 7 } }, false],
  ] as const) {
    it(title, () => assert.equal(judge([{ ...HELD, ...change }]).holds, holds));
  }

  it('by the median of several runs, if none of them writes', () => {
    const [slow, fast] = [
      { ...HELD, evaluatedMs: 5_000 },
      { ...HELD, evaluatedMs: 1_000 },
    ];
    const { holds, ratio, runs } = judge([slow, HELD, fast]);
    assert.deepEqual([holds, ratio, runs], [true, 1.9, 3]);
    assert.equal(judge([fast, { ...fast, after: { ...BEFORE, writes: 7 } }, fast]).holds, false);
  });
});
