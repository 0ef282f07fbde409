import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Patience } from '../../src/server/patience.ts';
import { lookUpWithin, type NamespaceDefaultLookup } from '../../src/server/look-up-within.ts';

function patience(timeLeft: number, gone = new AbortController().signal): Patience {
  return { owner: () => '10.0.0.1', timeLeft: () => timeLeft, gone: () => gone };
}

describe('the look-up of a namespace’s default', () => {
  const never: NamespaceDefaultLookup = () => Promise.withResolvers<never>().promise;
  for (const [title, timeLeft, waited] of [
    ['is waited for no longer than 2 s', 4_500, 2_000],
    ['is waited for no longer than the review has time', 500, 500],
  ] as const) {
    it(title, async (t) => {
      t.mock.timers.enable({ apis: ['setTimeout'] });
      let isOver = false;
      const found = lookUpWithin(never, 'ns', patience(timeLeft)).finally(() => (isOver = true));
      t.mock.timers.tick(waited - 1);
      await Promise.resolve();
      assert.equal(isOver, false);
      t.mock.timers.tick(1);
      assert.deepEqual(await found, { known: false });
    });
  }

  it('gives what was found', async () => {
    const lookUp: NamespaceDefaultLookup = async (token) => ({ known: true, token });
    assert.deepEqual(await lookUpWithin(lookUp, 'ns', patience(500)), { known: true, token: 'ns' });
  });

  it('is given up when the client hangs up, and so is whatever waits for it', async () => {
    const gone = new AbortController();
    const asked: { readonly owner: string; readonly signal: AbortSignal }[] = [];
    const lookUp: NamespaceDefaultLookup = (namespace, asker) => {
      asked.push(asker);
      return never(namespace, asker);
    };
    const found = lookUpWithin(lookUp, 'ns', patience(500, gone.signal));
    gone.abort();
    assert.deepEqual(await found, { known: false });
    assert.deepEqual(
      asked.map(({ owner, signal }) => [owner, signal.aborted]),
      [['10.0.0.1', true]],
    );
  });
});
