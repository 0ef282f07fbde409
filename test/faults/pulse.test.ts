import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { waitUntil } from '../controlplane/wait-until.ts';
import type { Excuse } from './case-file.ts';
import { startPulse } from './pulse.ts';

/** What the pulse found when the trouble began at 10 s and ended at 50 s, by a clock that moves a second at each beat. */
async function feel(trouble: {
  readonly write?: () => Promise<unknown>;
  readonly isLed?: () => boolean;
}): Promise<{ readonly during: readonly Excuse[]; readonly afterwards: readonly Excuse[] }> {
  let seconds = 0;
  const isHarmed = (): boolean => seconds >= 10 && seconds < 50;
  const pulse = startPulse({
    write: async () => {
      seconds += 1;
      if (isHarmed()) await trouble.write?.();
    },
    isLed: () => !isHarmed() || trouble.isLed?.() !== false,
    now: () => seconds * 1_000,
    intervalMs: 1,
  });
  const reach = (second: number): Promise<unknown> =>
    waitUntil(`second ${second}`, 30_000, () => seconds > second);
  await reach(20);
  const during = pulse.pauses();
  await reach(60);
  await pulse.stop();
  return { during, afterwards: pulse.pauses() };
}

describe('the pulse of the fault suite', { concurrency: true }, () => {
  it('finds no pause while the API server answers and somebody leads', async () => {
    assert.deepEqual(await feel({}), { during: [], afterwards: [] });
  });

  for (const [title, trouble] of Object.entries({
    'finds the time in which nothing could be written': { write: () => Promise.reject(new Error('refused')) },
    'finds the time in which nobody led': { isLed: () => false },
  })) {
    it(title, async () => {
      const { during, afterwards } = await feel(trouble);
      assert.deepEqual(
        during.map(({ from, until }) => [from, until > 20_000]),
        [[9_000, true]],
      );
      assert.deepEqual(afterwards, [{ from: 9_000, until: 50_000 }]);
    });
  }

  it('finds a write that took long', async () => {
    let seconds = 0;
    let writes = 0;
    const pulse = startPulse({
      write: async () => {
        writes += 1;
        if (writes === 3) seconds += 7;
      },
      isLed: () => true,
      now: () => seconds * 1_000,
      intervalMs: 1,
    });
    await waitUntil('some more writes', 30_000, () => writes > 5);
    await pulse.stop();
    assert.deepEqual(pulse.stalls(), [{ from: 0, until: 7_000 }]);
  });
});
