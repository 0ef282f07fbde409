import { recordAt, sumCovered, type CaseFile, type Violation } from './case-file.ts';
import { expiryOf, tokenIn } from './judge-token.ts';
import { listSteps } from './steps.ts';

/** A token that had to be replaced; times in milliseconds. */
export interface DueRenewal {
  /** From the time at which it was due without jitter to the report of the new token, or to the end of the fault. */
  readonly lateMs: number;
  /** How long nothing could be written in that time. */
  readonly hinderedMs: number;
  /** `false`: there was no new token until the end. */
  readonly isMade: boolean;
}

/** The deadline of a request. Undisturbed renewals are made within a second, on a busy machine later. */
const PROMPT_MS = 5_000;
/**
 * Waits double from one second on, with a quarter of each at random: the last one is no longer than this share of the time in
 * which all tries failed.
 */
const LAST_WAIT = 1.25;

/** All scheduled renewals that became due. */
export function listDueRenewals(file: CaseFile): readonly DueRenewal[] {
  const found: DueRenewal[] = [];
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
    if (from >= until || !isWanted(file, until)) continue;
    const hinderedMs = sumCovered({ from, until }, [...file.excuses, ...file.pauses]);
    found.push({ lateMs: until - from, hinderedMs, isMade: next !== undefined });
  }
  return found;
}

/** Finds renewals that came later than what hindered them explains. */
export function findLateRenewals(file: CaseFile): readonly Violation[] {
  return listDueRenewals(file).flatMap(({ lateMs, hinderedMs, isMade }) => {
    const allowedMs = PROMPT_MS + hinderedMs + LAST_WAIT * hinderedMs;
    if (lateMs <= allowedMs) return [];
    const late = isMade
      ? `renewed ${toSeconds(lateMs)} late`
      : `not renewed ${toSeconds(lateMs)} after it was due`;
    const hindered = `nothing could be written for ${toSeconds(hinderedMs)}`;
    return {
      invariant: 'recovery',
      what: `${file.name}: ${late}, allowed are ${toSeconds(allowedMs)} (${hindered})`,
    };
  });
}

/** The latest renewal, in words; `undefined` if none was late. For the table. */
export function describeLatest(files: readonly CaseFile[]): string | undefined {
  const [latest] = files.flatMap(listDueRenewals).toSorted((a, b) => b.lateMs - a.lateMs);
  if (latest === undefined || latest.lateMs < NOTED_MS) return undefined;
  const { lateMs, hinderedMs } = latest;
  const hindered = hinderedMs > 0 ? `, ${toSeconds(hinderedMs)} of it without any chance to write` : '';
  return `a renewal ${toSeconds(lateMs)} late${hindered}`;
}

/** A renewal that is later than this is noted. */
const NOTED_MS = 1_000;

function toSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** Whether the JWT exists at that time. */
function isWanted({ sightings }: CaseFile, at: number): boolean {
  const jwt = sightings.findLast((sighting) => sighting.kind === 'JWT' && sighting.at <= at);
  return jwt !== undefined && !jwt.isGone && jwt.object.metadata.deletionTimestamp === undefined;
}
