import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeRestart, type Restart } from './restart-row.ts';

const HELD: Restart = {
  jwts: 10_000,
  namespaces: 100,
  evaluatedMs: 1_900,
  listsMs: 1_000,
  signed: 0,
  requests: { writes: 0, secretsGot: 0 },
};

describe('a restart holds', () => {
  for (const [title, change, holds] of [
    ['if nothing is written and no key is read', {}, true],
    ['not if it takes too long', { evaluatedMs: 2_100 }, false],
    ['not if a token is signed', { signed: 1 }, false],
    ['not if a private key is read', { requests: { writes: 0, secretsGot: 1 } }, false],
    ['not if anything is written', { requests: { writes: 1, secretsGot: 0 } }, false],
  ] as const) {
    it(title, () => assert.equal(describeRestart({ ...HELD, ...change }, 2).holds, holds));
  }
});
