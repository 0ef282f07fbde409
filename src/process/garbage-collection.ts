import { setFlagsFromString } from 'node:v8';

/**
 * Whether this is V8 as Node 24 has it, with which the flags below and in `container-heap.ts` were measured. Later ones
 * lack some: Node 26 does not start with `--no-separate-gc-phases`.
 */
export function isMeasuredV8(version: string): boolean {
  return version.startsWith('13.');
}

/** Flags of V8 that can change while it runs (`node --v8-options`); what is fixed at its start is in `container-heap.ts`. */
const V8_FLAGS = [
  /**
   * New objects are collected by several threads while the work waits for the slowest of them. Few of ours survive, so there is
   * little to share: waking the threads costs more CPU than it saves, and where others use the cores, the work waits for
   * a thread that does not run. With 100,000 JWTs, the longest of these pauses went from 38 ms to 21 ms.
   */
  '--no-parallel-scavenge',
  /**
   * Some seconds after much was allocated, V8 collects what is left and by default also moves objects together to give
   * pages back. After a start with 100,000 JWTs that held all work up for 94 ms. The pages that are empty anyway are
   * given back without it.
   */
  '--no-memory-reducer-favors-memory',
] as const;

/** Makes the garbage collector hold reviews up as briefly as possible. For a service; short-lived commands gain nothing. */
export function shortenPauses(): void {
  if (isMeasuredV8(process.versions.v8)) for (const flag of V8_FLAGS) setFlagsFromString(flag);
}
