import type { Arena } from './arena.ts';
import type { Player } from './player.ts';
import type { Seen } from './proxy.ts';

/**
 * Notes that the main process could not write because its proxy refused or swallowed requests, for the judge of lateness.
 * @param since milliseconds since the epoch. @param each how long (ms) one such request keeps a write back.
 */
export function noteHindrances(
  { main, hindrances }: Pick<Arena, 'hindrances'> & { readonly main: () => Pick<Player, 'writes'> },
  { since, each, fits }: { since: number; each: number; fits: (seen: Seen) => boolean },
): void {
  const met = main()
    .writes()
    .filter((seen) => seen.at >= since && !seen.isAnswered && fits(seen));
  for (const { at } of met) hindrances.push({ from: at, until: at + each });
}
