import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ApiRequests } from './api-requests.ts';
import { describeRestart, type Restart } from './restart-row.ts';

const BEFORE: ApiRequests = { total: 9, reads: 9, secretsGot: 3, writes: 6, statusesApplied: 2 };
const NOTHING: ApiRequests = { total: 9, reads: 9, secretsGot: 0, writes: 0, statusesApplied: 0 };
/** Writes of the benchmark itself: it creates JWTs, and the API server counts nothing of what the service does. */
const POSTS: ApiRequests = { ...BEFORE, statusesApplied: 0 };
const HELD: Restart = {
  jwts: 10_000,
  namespaces: 100,
  evaluatedMs: 1_900,
  listsMs: 1_000,
  signed: 0,
  before: BEFORE,
  after: BEFORE,
};

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
    it(title, () => assert.equal(describeRestart({ ...HELD, ...change }, 2).holds, holds));
  }
});
