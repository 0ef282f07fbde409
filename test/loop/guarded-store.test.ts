import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Store } from '../../src/loop/act.ts';
import { leaderOnlyStore } from '../../src/loop/guarded-store.ts';
import { Stale } from '../../src/loop/stale.ts';

function storeOf(): { store: Store; calls: string[]; lose: () => void } {
  const calls: string[] = [];
  let leads = true;
  const note = async (call: string): Promise<void> => void calls.push(call);
  const store: Store = {
    readSecret: async () => note('read').then(() => undefined),
    applySecret: () => note('secret'),
    applyStatus: () => note('status'),
    patchSecret: async () => note('patch secret').then(() => ({})),
    patchJwt: () => note('patch jwt'),
  };
  const lose = (): void => {
    leads = false;
  };
  return { store: leaderOnlyStore(store, () => leads), calls, lose };
}

const WRITES: Readonly<Record<string, (store: Store) => Promise<unknown>>> = {
  secret: (store) => store.applySecret({}, { force: true }),
  status: (store) => store.applyStatus({}),
  'patch secret': (store) => store.patchSecret('n', 'x', []),
  'patch jwt': (store) => store.patchJwt('n', 'x', {}),
};

describe('the leader-only store', () => {
  for (const [name, write] of Object.entries(WRITES)) {
    it(`allows "${name}" to the leader, but not to a former leader`, async () => {
      const { store, calls, lose } = storeOf();
      await write(store);
      lose();
      await assert.rejects(write(store), Stale);
      assert.deepEqual(calls, [name], 'the second was never sent');
    });
  }

  it('allows reads to all', async () => {
    const { store, calls, lose } = storeOf();
    lose();
    await store.readSecret('n', 'x');
    assert.deepEqual(calls, ['read']);
  });
});
