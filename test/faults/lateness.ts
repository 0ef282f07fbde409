import { recordAt, uncover, type CaseFile } from './case-file.ts';
import { expiryOf, tokenIn } from './judge-token.ts';
import { listSteps } from './steps.ts';

/**
 * The largest lateness of a scheduled renewal, in milliseconds: from the time at which it was due without
 * jitter to the report of the new token, except for times that have an excuse. 0 if none was due.
 */
export function latestRenewal(file: CaseFile): number {
  let latestMs = 0;
  const steps = listSteps(file);
  for (const [number, { sighting, writer }] of steps.entries()) {
    const spec = recordAt(file.specs, sighting.at);
    if (writer === 'suite' || sighting.isGone || spec === undefined) continue;
    const token = tokenIn(sighting.object);
    const next = steps.slice(number + 1).find((step) => tokenIn(step.sighting.object)?.text !== token?.text);
    // What somebody else replaced, or what has another spec now, had no due time of its own.
    const until = next?.sighting.at ?? file.endedAt;
    const isReplaced = next !== undefined && (next.writer !== 'service' || next.sighting.isGone);
    if (token === undefined || isReplaced || recordAt(file.specs, until) !== spec) continue;
    const from = expiryOf(token) - spec.resignBefore * 1000;
    if (from < until && isWanted(file, until)) latestMs = Math.max(latestMs, uncover({ from, until }, file));
  }
  return latestMs;
}

/** Whether the JWT exists at that time. */
function isWanted({ sightings }: CaseFile, at: number): boolean {
  const jwt = sightings.findLast((sighting) => sighting.kind === 'JWT' && sighting.at <= at);
  return jwt !== undefined && !jwt.isGone && jwt.object.metadata.deletionTimestamp === undefined;
}
