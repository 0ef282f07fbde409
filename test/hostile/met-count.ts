/**
 * The end of a try to get to the service. `refused`: it met the service, which ended it. `unreachable`: it
 * failed before, for example for want of ports or files.
 */
export type Outcome = 'opened' | 'refused' | 'unreachable';

/** How many connections of an attack met the service. */
export interface MetCount {
  add(outcome: Outcome): void;
  /** `12 of 20 opened, 3 refused, 1 not reached` */
  words(): string;
}

/**
 * Counts connections, and calls `reached`: among other attacks with the first that met the service, as it
 * refuses at once what is beyond its limits; alone when half of `count` have met it, and one was opened.
 */
export function countMet(count: number, isAlone: boolean, reached: () => void): MetCount {
  const counts = { opened: 0, refused: 0, unreachable: 0 };
  return {
    add: (outcome) => {
      counts[outcome] += 1;
      const met = counts.opened + counts.refused;
      if (isAlone ? counts.opened > 0 && 2 * met >= count : met > 0) reached();
    },
    words: () => {
      const others = [
        counts.refused > 0 ? `, ${counts.refused} refused` : '',
        counts.unreachable > 0 ? `, ${counts.unreachable} not reached` : '',
      ];
      return [`${counts.opened} of ${count} opened`, ...others].join('');
    },
  };
}
