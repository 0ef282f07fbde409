import type { Fighter } from './ring.ts';

/** A container that does nothing, uses one of its two bytes, and starts and stops as requested. */
export function makeFakeFighter(changes: Partial<Fighter> = {}): Fighter {
  return {
    start: () => Promise.resolve(),
    stop: () => Promise.resolve([]),
    kill: () => Promise.resolve(),
    httpPort: () => 1,
    takeEnds: () => Promise.resolve([]),
    takePeakMemory: () => 1,
    memory: {
      bytes: 2,
      means: 'none',
      wrap: (command) => command,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    },
    ...changes,
  };
}
