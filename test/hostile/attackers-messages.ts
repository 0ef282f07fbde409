import type { Target } from './attack.ts';

/** What the process of the attackers is asked to do: to load an attack, and then to begin it. */
export interface Order {
  readonly number: number;
  readonly prepare?: { readonly name: string; readonly target: Target };
}

/** What a thread says. */
export type Said = 'ready' | 'reached' | { readonly answers: string } | { readonly problem: string };

/** What the process passes on of a thread. */
export interface Report {
  readonly number: number;
  readonly said: Said;
}
