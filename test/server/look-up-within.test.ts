import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { lookUpWithin, type NamespaceDefaultLookup } from '../../src/server/look-up-within.ts';

describe('the look-up of a namespace’s default', () => {
  const never: NamespaceDefaultLookup = () => Promise.withResolvers<never>().promise;
  for (const [title, timeLeft, waited] of [
    ['is waited for no longer than 2 s', 4_500, 2_000],
    ['is waited for no longer than the review has time', 500, 500],
  ] as const) {
    it(title, async (t) => {
      t.mock.timers.enable({ apis: ['setTimeout'] });
      let isOver = false;
      const found = lookUpWithin(never, 'ns', timeLeft).finally(() => (isOver = true));
      t.mock.timers.tick(waited - 1);
      await Promise.resolve();
      assert.equal(isOver, false);
      t.mock.timers.tick(1);
      assert.deepEqual(await found, { known: false });
    });
  }

  it('gives what was found', async () => {
    const lookUp: NamespaceDefaultLookup = async (token) => ({ known: true, token });
    assert.deepEqual(await lookUpWithin(lookUp, 'ns', 500), { known: true, token: 'ns' });
  });
});
