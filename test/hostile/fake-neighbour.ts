import type { Experience, Neighbour } from './neighbour.ts';

/** One pod was created with its token, without harm. */
export const UNHARMED: Experience = {
  longestMs: 1,
  longestPlainMs: 1,
  latestMs: 0,
  latest: '',
  injected: 1,
  harms: [],
  gaps: [],
};

/** An unharmed neighbour, except for `changes`. */
export function makeFakeNeighbour(changes: Partial<Neighbour> = {}): Neighbour {
  return {
    takeExperience: () => UNHARMED,
    forget: () => undefined,
    settle: () => Promise.resolve(),
    recover: () => Promise.resolve(),
    stop: () => Promise.resolve(),
    ...changes,
  };
}
