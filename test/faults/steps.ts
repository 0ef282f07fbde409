import type { CaseFile } from './case-file.ts';
import type { Sighting } from './observer.ts';
import { tokenIn } from './judge-token.ts';

/** The writer of a state of a Secret. */
export type Writer = 'service' | 'suite' | 'somebody';

/** A Secret's state with the one before it; `undefined` if it did not exist. */
export interface Step {
  readonly sighting: Sighting;
  readonly before: Sighting | undefined;
  readonly writer: Writer;
}

/** All states of the Secret that the observer saw, with their writers. */
export function listSteps(file: CaseFile): readonly Step[] {
  let before: Sighting | undefined;
  const steps: Step[] = [];
  for (const sighting of file.sightings) {
    if (sighting.kind !== 'Secret') continue;
    steps.push({ sighting, before, writer: writerOf(sighting, before, file) });
    before = sighting.isGone ? undefined : sighting;
  }
  return steps;
}

/** A write whose answer never arrived is also by the service: nobody else makes tokens. */
function writerOf(sighting: Sighting, before: Sighting | undefined, { foreign, ours }: CaseFile): Writer {
  if (foreign.has(sighting.resourceVersion)) return 'suite';
  if (ours.has(sighting.resourceVersion)) return 'service';
  const isNewToken = sighting.object.data?.token !== before?.object.data?.token;
  return isNewToken && !sighting.isGone && tokenIn(sighting.object) !== undefined ? 'service' : 'somebody';
}
