import { isDeepStrictEqual } from 'node:util';
import type { Loose } from '../integration/objects.ts';
import { sumCovered, type CaseFile, type Violation } from './case-file.ts';

/** What the judge of statuses needs. */
type StatusFile = Pick<CaseFile, 'name' | 'sightings' | 'foreign' | 'pauses' | 'statuses'>;

/**
 * I4: each token has one status that reports it; any other one says that a condition began or ended, and only as many are
 * written as the fault gives reason for. That a write failed while nothing could be written has its reason anyway.
 */
export function findNeedlessStatuses(file: StatusFile): readonly Violation[] {
  const further = listFurtherStatuses(file);
  if (further.length <= file.statuses) return [];
  const said = further.map(describeConditions).join(' | ');
  const what = `${file.name}: ${further.length} statuses beside the first one of each token, allowed are ${file.statuses}: ${said}`;
  return [{ invariant: 'I4', what }];
}

/** The statuses that the service wrote and that were not the first one of their token. */
function listFurtherStatuses({ sightings, foreign, pauses }: StatusFile): readonly Loose[] {
  const found: Loose[] = [];
  const reported = new Set<string>();
  const last = new Map<string, Loose>();
  const hindered = new Set<Loose>();
  for (const { kind, isGone, uid, resourceVersion, object, at } of sightings) {
    if (kind !== 'JWT' || isGone) continue;
    const { status } = object;
    const before = last.get(uid);
    last.set(uid, status);
    if (isDeepStrictEqual(status, before) || foreign.has(resourceVersion)) continue;
    if (before === undefined && isKeyUnseen(status)) continue;
    const isPaused = sumCovered({ from: at - REPORTED_WITHIN_MS, until: at }, pauses) > 0;
    const isFailure = isWriteFailure(status);
    if (isFailure && isPaused) hindered.add(status);
    const hasReason = isFailure ? isPaused : hindered.has(before); // it says that a write failed, or no longer
    const tokenId: string | undefined = status?.tokenId;
    const isFirst = tokenId !== undefined && !reported.has(tokenId);
    if (isFirst) reported.add(tokenId);
    else if (!hasReason) found.push(status);
  }
  return found;
}

/** A status says that a write failed so long after the pause at most: the deadlines of both writes (5 s), and a wait. */
const REPORTED_WITHIN_MS = 15_000;

function isWriteFailure(status: Loose): boolean {
  return status?.conditions?.some(
    ({ reason }: Loose) => reason === 'WriteFailed' || reason === 'WriteRefused',
  );
}

/** The suite creates a key and then the JWT: these are two watches, and the service can see the JWT first. */
function isKeyUnseen(status: Loose): boolean {
  return status?.conditions?.some(
    ({ type, reason }: Loose) => type === 'KeyAvailable' && reason === 'KeyNotFound',
  );
}

/** Without messages, which could hold anything. */
function describeConditions(status: Loose): string {
  const conditions: readonly Loose[] = status?.conditions ?? [];
  return conditions.map(({ type, status: is, reason }) => `${type}=${is} ${reason}`).join(', ');
}
