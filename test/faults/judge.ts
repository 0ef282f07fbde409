import { isDeepStrictEqual } from 'node:util';
import type { Loose } from '../integration/objects.ts';
import { recordAt, type CaseFile, type SpecRecord, type Violation } from './case-file.ts';
import type { Sighting } from './observer.ts';
import { expiryOf, findFlaw, tokenIn } from './token.ts';

/** Who brought a Secret into a state. */
type Writer = 'service' | 'suite' | 'somebody';

/** A Secret's state with the one before it, `undefined` after it was gone. */
interface Step {
  readonly sighting: Sighting;
  readonly before: Sighting | undefined;
  readonly writer: Writer;
}

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
    ...findLosses(written),
  ];
}

/** Who sees nothing finds nothing: a JWT that is Ready was written for. */
function findBlindness({ name, sightings }: CaseFile, written: readonly Step[]): readonly Violation[] {
  const isBlind =
    written.length === 0 && sightings.some(({ kind, object }) => kind === 'JWT' && isReady(object));
  const what = `${name}: it is Ready, but the observer saw no write of the service`;
  return isBlind ? [{ invariant: 'recovery', what }] : [];
}

function listSteps(file: CaseFile): readonly Step[] {
  let before: Sighting | undefined;
  const steps: Step[] = [];
  for (const sighting of file.sightings) {
    if (sighting.kind !== 'Secret') continue;
    steps.push({ sighting, before, writer: writerOf(sighting, before, file) });
    before = sighting.isGone ? undefined : sighting;
  }
  return steps;
}

/** A write whose answer never came is the service's too: nobody else makes tokens. */
function writerOf(sighting: Sighting, before: Sighting | undefined, { foreign, ours }: CaseFile): Writer {
  if (foreign.has(sighting.resourceVersion)) return 'suite';
  if (ours.has(sighting.resourceVersion)) return 'service';
  const isNewToken = sighting.object.data?.token !== before?.object.data?.token;
  return isNewToken && !sighting.isGone && tokenIn(sighting.object) !== undefined ? 'service' : 'somebody';
}

/** The status may be seen before the Secret that it describes: these are two watches. */
const OBSERVER_LAG_MS = 500;

/** I1: from the first Ready on, as long as the JWT lives, there is a token and it has not expired. */
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
  for (const sighting of file.sightings) {
    if (sighting.kind === 'Secret') {
      look(sighting.at);
      secret = sighting.isGone ? undefined : sighting;
      since = sighting.at;
    } else if (sighting.isGone || sighting.object.metadata.deletionTimestamp !== undefined) {
      look(sighting.at);
      readySince = undefined;
    } else if (readySince === undefined && isReady(sighting.object)) {
      readySince = sighting.at + OBSERVER_LAG_MS;
    }
  }
  look(file.endedAt);
  return gaps;
}

/** The longest part of a time (ms) that no excuse covers. */
function uncover(time: { readonly from: number; readonly until: number }, { excuses }: CaseFile): number {
  let parts = [time];
  for (const excuse of excuses) {
    parts = parts.flatMap(({ from, until }) =>
      [
        { from, until: Math.min(until, excuse.from) },
        { from: Math.max(from, excuse.until), until },
      ].filter((part) => part.until > part.from),
    );
  }
  return Math.max(0, ...parts.map(({ from, until }) => until - from));
}

function isReady(jwt: Loose): boolean {
  return jwt.status?.conditions?.some(
    (condition: Loose) => condition.type === 'Ready' && condition.status === 'True',
  );
}

/** I2 for every token that the service published. */
async function findFlaws(file: CaseFile, written: readonly Step[]): Promise<readonly Violation[]> {
  const flaws = await Promise.all(
    written.map(({ sighting }) => findFlaw(sighting.object, sighting.at, file)),
  );
  return flaws
    .filter((flaw) => flaw !== undefined)
    .map((flaw) => ({ invariant: 'I2', what: `${file.name}: ${flaw}` }));
}

/** I3: `exp` and the uniqueness of `jti`, per JWT and not per name. */
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

/** A write may be under way when the JWT is deleted, in ms. */
const IN_FLIGHT_MS = 1_000;

/** I4: what was written beyond the given causes and the scheduled renewals, or for a JWT that was gone. */
function findNeedlessWrites(file: CaseFile, written: readonly Step[]): readonly Violation[] {
  const found: Violation[] = [];
  const unscheduled = written.filter((step) => !isScheduled(step, file.specs)).length;
  if (unscheduled > file.causes) {
    found.push({ invariant: 'I4', what: `${file.name}: ${unscheduled} writes for ${file.causes} causes` });
  }
  const leaving = new Map<string, number>();
  for (const { kind, uid, at, isGone, object } of file.sightings) {
    const isLeaving = kind === 'JWT' && (isGone || object.metadata.deletionTimestamp !== undefined);
    if (isLeaving && !leaving.has(uid)) leaving.set(uid, at);
  }
  for (const { sighting } of written) {
    const leftAt = leaving.get(ownerOf(sighting.object) ?? '');
    if (leftAt !== undefined && sighting.at > leftAt + IN_FLIGHT_MS) {
      found.push({ invariant: 'I4', what: `${file.name}: a write for a JWT that was deleted before` });
    }
  }
  return found;
}

const MAX_JITTER_S = 300;
const MIN_DISTANCE_S = 30;
const CLOCK_SLACK_S = 1;

/** Whether the token before was due: `exp − resignBefore − jitter`, 30 s after signing at the soonest. */
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

/** I5: what others have in the Secret is there after a write, byte for byte. */
function findLosses(written: readonly Step[]): readonly Violation[] {
  return written.flatMap(({ sighting, before }) => {
    if (before === undefined || before.uid !== sighting.uid) return [];
    const [kept, had] = [foreignParts(sighting.object), foreignParts(before.object)];
    return Object.keys(had)
      .filter((part) => !isDeepStrictEqual(kept[part], had[part]))
      .map((part) => ({
        invariant: 'I5' as const,
        what: `${sighting.name}: a write of the service changed ${part} of others`,
      }));
  });
}

/** What the service does not own: everything that its entry in `managedFields` does not name. */
function foreignParts(secret: Loose): Readonly<Record<string, unknown>> {
  const { metadata, data = {}, type, immutable } = secret;
  const entry = (metadata.managedFields ?? []).find(
    ({ manager, operation }: Loose) => manager === 'jwt-injector' && operation === 'Apply',
  );
  const owned = entry?.fieldsV1?.['f:metadata'] ?? {};
  const isOurs = (name: string, fields: Loose = {}): boolean =>
    name.startsWith('tokens.osg-htc.org/') ||
    name === 'app.kubernetes.io/managed-by' ||
    Object.hasOwn(fields, `f:${name}`);
  const without = (map: Loose = {}, fields: Loose = {}): Loose =>
    Object.fromEntries(Object.entries(map).filter(([name]) => !isOurs(name, fields)));
  const { token: _token, ...otherData } = data;
  return {
    data: otherData,
    labels: without(metadata.labels, owned['f:labels']),
    annotations: without(metadata.annotations, owned['f:annotations']),
    finalizers: metadata.finalizers ?? [],
    owners: (metadata.ownerReferences ?? []).filter(({ kind }: Loose) => kind !== 'JWT'),
    type,
    immutable,
  };
}
