import { systemClock, type Clock } from '../../src/time/clock.ts';

/** The system's clock, whose monotonic time a test can move on without waiting. */
interface SkippingClock extends Clock {
  /** Milliseconds. */
  skip(ms: number): void;
}

export function skippingClock(): SkippingClock {
  let skipped = 0;
  return {
    ...systemClock,
    monotonic: () => systemClock.monotonic() + skipped,
    skip: (ms) => {
      skipped += ms;
    },
  };
}
