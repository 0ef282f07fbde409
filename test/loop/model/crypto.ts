/** jose signs and verifies on other threads, which end in any order: these are the ways in. */
const JOBS = ['sign', 'verify', 'importKey', 'exportKey', 'digest'] as const;

/** The crypto of this process, put in order. */
export interface OrderedCrypto {
  /** Jobs that were begun and not answered: while there are any, no virtual time may pass. */
  pending(): number;
  restore(): void;
}

/**
 * Lets crypto jobs run one after the other, in the order in which they were asked for, so that a schedule runs the
 * same way each time; and counts them. The crypto itself stays what it is.
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
