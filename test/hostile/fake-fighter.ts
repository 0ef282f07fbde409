import type { Fighter } from './ring.ts';

/** A container that does nothing, takes one byte of the two it has, and comes and goes as it is asked. */
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
