/**
 * The asynchronous functions of jose and the Web Crypto API. They run on other threads, which end in any
 * order.
 */
const JOBS = ['sign', 'verify', 'importKey', 'exportKey', 'digest'] as const;

/** Crypto in a fixed order. */
export interface OrderedCrypto {
  /** Number of running jobs: while there are any, no virtual time must pass. */
  pending(): number;
  restore(): void;
}

/**
 * Runs and counts crypto jobs one after the other, in the order of the calls, so that a schedule has the same
 * result each time. The crypto itself is not changed.
 */
export function orderCrypto(): OrderedCrypto {
  const { subtle } = globalThis.crypto;
  let pending = 0;
  let last: Promise<unknown> = Promise.resolve();
  const originals = JOBS.map((job) => Object.getOwnPropertyDescriptor(subtle, job));
  for (const job of JOBS) {
    const original: (...args: never[]) => Promise<unknown> = subtle[job].bind(subtle);
    const ordered = async (...args: never[]): Promise<unknown> => {
      pending += 1;
      const before = last;
      const result = before.then(() => original(...args));
      last = result.catch(() => undefined);
      try {
        return await result;
      } finally {
        pending -= 1;
      }
    };
    Object.defineProperty(subtle, job, { value: ordered, configurable: true });
  }
  return {
    pending: () => pending,
    restore: () => {
      for (const [index, job] of JOBS.entries()) {
        const original = originals[index];
        if (original === undefined) Reflect.deleteProperty(subtle, job);
        else Object.defineProperty(subtle, job, original);
      }
    },
  };
}
