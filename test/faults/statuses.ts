import { isDeepStrictEqual } from 'node:util';
import type { Loose } from '../integration/objects.ts';
import type { CaseFile, Violation } from './case-file.ts';

/**
 * I4: each token has one status that reports it; any other one says that a condition began or ended, and only as many are
 * written as the fault gives reason for.
 */
export function findNeedlessStatuses(file: CaseFile): readonly Violation[] {
  const further = listFurtherStatuses(file);
  if (further.length <= file.statuses) return [];
  const said = further.map(describeConditions).join(' | ');
  const what = `${file.name}: ${further.length} statuses beside the first one of each token, allowed are ${file.statuses}: ${said}`;
  return [{ invariant: 'I4', what }];
}

/** The statuses that the service wrote and that were not the first one of their token. */
function listFurtherStatuses({ sightings, foreign }: CaseFile): readonly Loose[] {
  const found: Loose[] = [];
  const reported = new Set<string>();
  const last = new Map<string, Loose>();
  for (const { kind, isGone, uid, resourceVersion, object } of sightings) {
    if (kind !== 'JWT' || isGone) continue;
    const { status } = object;
    const before = last.get(uid);
    last.set(uid, status);
    if (isDeepStrictEqual(status, before) || foreign.has(resourceVersion)) continue;
    if (before === undefined && isKeyUnseen(status)) continue;
    const tokenId: string | undefined = status?.tokenId;
    if (tokenId === undefined || reported.has(tokenId)) found.push(status);
    else reported.add(tokenId);
  }
  return found;
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
