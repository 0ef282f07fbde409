import type { Loose } from '../integration/objects.ts';
import {
  recordAt,
  sumCovered,
  uncover,
  type CaseFile,
  type SpecRecord,
  type Violation,
} from './case-file.ts';
import { isInOrder } from './in-order.ts';
import type { Sighting } from './observer.ts';
import { findLosses, findTrespasses } from './others-parts.ts';
import { findLateRenewals } from './lateness.ts';
import { findNeedlessStatuses } from './statuses.ts';
import { listSteps, type Step } from './steps.ts';
import { expiryOf, findFlaw, tokenIn } from './judge-token.ts';

/** Judges everything that was seen of one JWT. Pure except for the verification of signatures. */
export async function judge(file: CaseFile): Promise<readonly Violation[]> {
  const steps = listSteps(file);
  const written = steps.filter(({ sighting, writer }) => writer === 'service' && !sighting.isGone);
  return [
    ...findBlindness(file, written),
    ...findGaps(file),
    ...(await findFlaws(file, written)),
    ...findStepsBack(file, written),
    ...findNeedlessWrites(file, written),
    ...findNeedlessStatuses(file),
    ...findLateRenewals(file),
    ...findLosses(written),
    ...findTrespasses(steps),
    ...(await findDisorder(file)),
  ];
}

/** Finds an observer that sees nothing: if a JWT is Ready, a write must have been seen. */
function findBlindness({ name, sightings }: CaseFile, written: readonly Step[]): readonly Violation[] {
  const isBlind =
    written.length === 0 && sightings.some(({ kind, object }) => kind === 'JWT' && isReady(object));
  const what = `${name}: it is Ready, but the observer saw no write of the service`;
  return isBlind ? [{ invariant: 'recovery', what }] : [];
}

/**
 * I1: from the first Ready on, as long as the JWT exists, there is a token that has not expired. The states are taken in the
 * order of their versions: the status can be reported before the Secret that it describes, as these are two watches.
 */
function findGaps(file: CaseFile): readonly Violation[] {
  const gaps: Violation[] = [];
  let readySince: number | undefined;
  let secret: Sighting | undefined;
  let since = 0;
  const look = (until: number): void => {
    if (readySince === undefined) return;
    const expired = Math.max(expiryOf(tokenIn(secret?.object)), readySince, since);
    const left = expired < until ? uncover({ from: expired, until }, file) : 0;
    if (left > 0) {
      const what = secret === undefined ? 'no Secret' : 'no valid token';
      gaps.push({ invariant: 'I1', what: `${file.name}: ${what} for ${(left / 1000).toFixed(1)} s` });
    }
  };
  for (const sighting of inOrderOfVersions(file.sightings)) {
    if (sighting.kind === 'Secret') {
      look(sighting.at);
      secret = sighting.isGone ? undefined : sighting;
      since = sighting.at;
    } else if (isLeaving(sighting)) {
      look(sighting.at);
      readySince = undefined;
    } else if (readySince === undefined && isReady(sighting.object)) {
      readySince = sighting.at;
    }
  }
  look(file.endedAt);
  return gaps;
}

/** One etcd numbers the states of all kinds of objects. */
function inOrderOfVersions(sightings: readonly Sighting[]): readonly Sighting[] {
  return sightings.toSorted((a, b) => Number(a.resourceVersion) - Number(b.resourceVersion));
}

function isReady(jwt: Loose): boolean {
  return jwt.status?.conditions?.some(
    (condition: Loose) => condition.type === 'Ready' && condition.status === 'True',
  );
}

/** I2, for every token that the service published. */
async function findFlaws(file: CaseFile, written: readonly Step[]): Promise<readonly Violation[]> {
  const flaws = await Promise.all(
    written.map(({ sighting }) => findFlaw(sighting.object, sighting.at, file)),
  );
  return flaws
    .filter((flaw) => flaw !== undefined)
    .map((flaw) => ({ invariant: 'I2', what: `${file.name}: ${flaw}` }));
}

/** I3: `exp` and the uniqueness of `jti`, for each JWT and not for each name. */
function findStepsBack(file: CaseFile, written: readonly Step[]): readonly Violation[] {
  const found: Violation[] = [];
  const texts = new Map<string, string>();
  const last = new Map<string, { readonly exp: number; readonly lifetime: number }>();
  for (const { sighting } of written) {
    const token = tokenIn(sighting.object);
    if (token === undefined) continue;
    const { exp, jti } = token.claims;
    const uid = ownerOf(sighting.object) ?? file.name;
    const lifetime = recordAt(file.specs, sighting.at)?.lifetime ?? 0;
    const earlier = last.get(uid);
    if (earlier !== undefined && exp < earlier.exp && lifetime >= earlier.lifetime) {
      found.push({ invariant: 'I3', what: `${file.name}: exp went back by ${earlier.exp - exp} s` });
    }
    if (texts.has(jti) && texts.get(jti) !== token.text) {
      found.push({ invariant: 'I3', what: `${file.name}: two tokens have the same jti` });
    }
    texts.set(jti, token.text);
    last.set(uid, { exp, lifetime });
  }
  return found;
}

function ownerOf(secret: Loose): string | undefined {
  return secret.metadata.ownerReferences?.find((owner: Loose) => owner.kind === 'JWT')?.uid;
}

/** When the JWT is deleted, a write can already have been sent; ms, longer if the API server was slow. */
const IN_FLIGHT_MS = 1_000;

/**
 * I4: writes beyond the allowed ones and the scheduled renewals, or for a JWT that did not exist any more.
 */
function findNeedlessWrites(file: CaseFile, written: readonly Step[]): readonly Violation[] {
  const found: Violation[] = [];
  const unscheduled = written.filter((step) => !isScheduled(step, file.specs)).length;
  if (unscheduled > file.causes) {
    found.push({ invariant: 'I4', what: `${file.name}: ${unscheduled} writes for ${file.causes} causes` });
  }
  const leaving = new Map<string, number>();
  for (const sighting of file.sightings) {
    const { kind, uid, at } = sighting;
    if (kind === 'JWT' && isLeaving(sighting) && !leaving.has(uid)) leaving.set(uid, at);
  }
  for (const { sighting } of written) {
    const leftAt = leaving.get(ownerOf(sighting.object) ?? '');
    if (leftAt === undefined || sighting.at <= leftAt) continue;
    const { at: until } = sighting;
    if (until - leftAt - sumCovered({ from: leftAt, until }, file.stalls) > IN_FLIGHT_MS) {
      found.push({ invariant: 'I4', what: `${file.name}: a write for a JWT that was deleted before` });
    }
  }
  return found;
}

const MAX_JITTER_S = 300;
const MIN_DISTANCE_S = 30;
const CLOCK_SLACK_S = 1;

/** Whether the token before was due: `exp − resignBefore − jitter`, at the earliest 30 s after signing. */
function isScheduled({ sighting, before }: Step, specs: readonly SpecRecord[]): boolean {
  const token = tokenIn(before?.object);
  const spec = recordAt(specs, sighting.at);
  if (token === undefined || spec === undefined) return false;
  if (tokenIn(sighting.object)?.text === token.text) return false;
  const { lifetime, resignBefore } = spec;
  const jitter = Math.min(resignBefore / 10, MAX_JITTER_S, (lifetime - resignBefore) / 2);
  const due = Math.max(
    token.claims.exp - resignBefore - jitter,
    token.claims.exp - lifetime + MIN_DISTANCE_S,
  );
  return sighting.at / 1000 >= due - CLOCK_SLACK_S;
}

/**
 * At the end, the Secret of a JWT that is Ready must be as documented, also if another user wrote it last.
 */
async function findDisorder(file: CaseFile): Promise<readonly Violation[]> {
  const last = (kind: Sighting['kind']): Sighting | undefined =>
    file.sightings.findLast((sighting) => sighting.kind === kind);
  const [jwt, secret] = [last('JWT'), last('Secret')];
  if (jwt === undefined || isLeaving(jwt) || !isReady(jwt.object)) return [];
  if (secret === undefined || secret.isGone) return []; // reported by I1
  const what = `${file.name}: it is Ready, but its Secret is not as documented`;
  const isWell = isInOrder({ jwt: jwt.object, secret: secret.object });
  if (!isWell) return [{ invariant: 'recovery', what }];
  const flaw = await findFlaw(secret.object, secret.at, file);
  return flaw === undefined ? [] : [{ invariant: 'recovery', what: `${what}: ${flaw}` }];
}

function isLeaving({ isGone, object }: Sighting): boolean {
  return isGone || object.metadata.deletionTimestamp !== undefined;
}
