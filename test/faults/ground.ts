import type { KeyObject } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Loose } from '../integration/objects.ts';
import { wireJwt } from '../fixtures/jwts.ts';
import { makeKey, toPem } from '../fixtures/keys.ts';
import { pathOf } from './api.ts';
import type { Arena } from './arena.ts';
import type { Invariant, Violation } from './case-file.ts';
import { findIdleWrites } from './idle-writes.ts';
import { judge } from './judge.ts';
import { tokenIn } from './judge-token.ts';
import { describeLatest } from './lateness.ts';
import type { Sighting } from './observer.ts';
import { TrackedJwt } from './tracked-jwt.ts';

/** Settings of a JWT for a fault. */
export interface Wish {
  /** Members of the spec that replace those of the NRP page. */
  readonly spec?: Loose;
  /** The key to sign with; default: a new one. */
  readonly key?: KeyObject;
  /** `false`: do not wait until it is Ready. */
  readonly isAwaited?: boolean;
  /** Other users keep data in its Secret, too: then the Secret has no owner reference. */
  readonly isShared?: boolean;
}

/** The ground of a fault: a namespace in which it runs once, and the notes for the report. */
export interface Ground {
  readonly arena: Arena;
  readonly namespace: string;
  readonly short: boolean;
  /** Creates a JWT, waits until it is Ready, and adds other users' data to its Secret. */
  sign(name: string, wish?: Wish): Promise<TrackedJwt>;
  /** Creates `count` JWTs, `name-0` and so on, several at a time. */
  signMany(name: string, count: number, wish?: Wish): Promise<readonly TrackedJwt[]>;
  /** Creates one more namespace, which is deleted with the first one; gives its name. */
  addNamespace(suffix: string): Promise<string>;
  /** Creates a key Secret or replaces its data; `text` is its `key.pem`. */
  storeKey(name: string, text: string): Promise<Loose>;
  /**
   * Waits `ms` milliseconds for needless writes. Afterwards the observer has seen all stored states: a fault
   * that expects no change checks the stored objects, not only what a slow watch has reported.
   */
  rest(ms: number): Promise<void>;
  /** Adds an observation to the table. Equal texts are shown once. */
  note(what: string): void;
  recovered(ms: number): void;
  fail(invariant: Invariant, what: string): void;
  /** Fails if the harm had less effect than `least` (default: 1): then nothing was tested. */
  requireHarm(met: number, least?: number): void;
}

/**
 * A token that lives for one minute and is renewed after half of it, for renewals that must continue while
 * something is broken.
 */
export const ONE_MINUTE = { expiryTime: { minutes: 1 }, resignBefore: null };

/** What other users keep in the Secret. */
const DRESS = {
  metadata: {
    labels: { 'astronomy.example.org/team': 'pulsars' },
    annotations: { 'example.org/note': 'ours, too' },
  },
};
const SHARE = { data: { 'other.txt': Buffer.from('of another user').toString('base64') } };
const MADE_AT_ONCE = 8;
const READY_WITHIN_MS = 20_000;
/** A needless write is made within this time. */
const AFTERMATH_MS = { short: 1_000, full: 2_500 };

/** A ground with what is needed before and after its fault. */
export interface OpenGround extends Ground {
  /**
   * Keeps the metrics of all running processes for the search of `close`, which comes when those that only
   * this fault needs were stopped.
   */
  readMetrics(): Promise<void>;
  /** Judges everything that was seen, and deletes the namespace without waiting for its end. */
  close(): Promise<void>;
  readonly violations: readonly Violation[];
  readonly recoveries: readonly number[];
  readonly notes: readonly string[];
}

/** @param statuses how many statuses each JWT may get beside the first one of each token. */
export async function openGround(
  arena: Arena,
  namespace: string,
  short: boolean,
  statuses = 0,
): Promise<OpenGround> {
  const { api, observer, canaries } = arena;
  const jwts: TrackedJwt[] = [];
  const violations: Violation[] = [];
  const recoveries: number[] = [];
  const notes = new Set<string>();
  const printed = arena.followOutput();
  const metrics: string[] = [];
  await api.create('/api/v1/namespaces', { metadata: { name: namespace } });

  const storeKey: Ground['storeKey'] = async (name, text) => {
    canaries.addKey(text);
    const body = { metadata: { name }, stringData: { 'key.pem': text } };
    const present = await api.get(pathOf('secrets', namespace, name));
    return present === undefined
      ? api.create(pathOf('secrets', namespace), body)
      : api.merge(pathOf('secrets', namespace, name), body);
  };
  const sign: Ground['sign'] = async (name, { spec = {}, key, isAwaited = true, isShared = false } = {}) => {
    const jwt = new TrackedJwt(arena, { namespace, name }, (ms) => recoveries.push(ms));
    jwts.push(jwt);
    const keyName = `${name}-key`;
    const algorithm = spec.algorithm ?? 'ES256';
    const privateKey = key ?? makeKey(algorithm);
    const wanted = { keyId: `${name}-1`, key: { secret: { name: keyName, key: 'key.pem' } }, ...spec };
    await storeKey(keyName, toPem(privateKey));
    const { apiVersion, kind, spec: full } = wireJwt(wanted);
    jwt.noteSpec(full);
    jwt.noteKey(privateKey, full.keyId);
    await api.create(pathOf('jwts', namespace), { apiVersion, kind, metadata: { name }, spec: full });
    if (!isAwaited) return jwt;
    await jwt.waitFor('a first token', () => jwt.isRenewed(''), READY_WITHIN_MS);
    await jwt.patchSecret(DRESS);
    if (isShared) {
      jwt.addCauses();
      await jwt.patchSecret(SHARE);
      const isFree = (): boolean =>
        jwt.secret !== undefined && jwt.secret.metadata.ownerReferences === undefined;
      await jwt.waitFor('the owner reference to go', isFree, READY_WITHIN_MS);
    }
    return jwt;
  };
  const namespaces = [namespace];
  const rest = async (ms: number): Promise<void> => {
    await sleep(ms);
    for (const name of namespaces) await observer.catchUp(name);
  };
  const fail: Ground['fail'] = (invariant, what) => void violations.push({ invariant, what });
  const readMetrics = async (): Promise<void> => {
    for (const player of arena.players().filter((each) => !each.hasEnded())) {
      try {
        metrics.push(await player.metrics());
      } catch (error) {
        if (!player.hasEnded()) fail('I6', `the metrics could not be searched: ${String(error)}`);
      }
    }
  };
  return {
    arena,
    namespace,
    short,
    sign,
    signMany: async (name, count, wish) => {
      const numbers = Array.from({ length: count }, (_, number) => number);
      const signed: TrackedJwt[] = [];
      const turns = numbers.values();
      const work = async (): Promise<void> => {
        for (const number of turns) signed.push(await sign(`${name}-${number}`, wish));
      };
      await Promise.all(Array.from({ length: MADE_AT_ONCE }, work));
      return signed;
    },
    addNamespace: async (suffix) => {
      const name = `${namespace}-${suffix}`;
      namespaces.push(name);
      await api.create('/api/v1/namespaces', { metadata: { name } });
      return name;
    },
    storeKey,
    rest,
    note: (what) => void notes.add(what),
    recovered: (ms) => void recoveries.push(ms),
    fail,
    requireHarm: (met, least = 1) => {
      if (met < least) fail('recovery', `nothing was tested: the harm met ${met} instead of ${least}`);
    },
    readMetrics,
    close: async () => {
      await rest(short ? AFTERMATH_MS.short : AFTERMATH_MS.full);
      const endedAt = Date.now();
      const sightings = namespaces.flatMap((name) => observer.sightings(name));
      for (const { kind, object } of sightings) {
        if (kind === 'Secret') canaries.addToken(tokenIn(object)?.text ?? '');
        if (kind === 'JWT') canaries.addKey(object.spec.key?.value ?? '');
      }
      const files = jwts.map((jwt) => jwt.file(endedAt, statuses));
      for (const file of files) violations.push(...(await judge(file)));
      const latest = describeLatest(files);
      if (latest !== undefined) notes.add(latest);
      for (const writes of arena.writes()) violations.push(...findIdleWrites(writes, namespace));
      await readMetrics();
      violations.push(
        ...canaries.search({
          ...collectTexts(sightings),
          'the metrics': metrics.join('\n'),
          'the log': printed(),
        }),
      );
      for (const name of namespaces) {
        await api.remove(`/api/v1/namespaces/${name}`);
        observer.forget(name);
      }
    },
    violations,
    recoveries,
    get notes() {
      return [...notes];
    },
  };
}

/** Texts that people could ever read in objects, by where they found them. */
function collectTexts(sightings: readonly Sighting[]): Readonly<Record<string, string>> {
  const objectsOf = (wanted: Sighting['kind']): readonly Loose[] =>
    sightings.filter(({ kind }) => kind === wanted).map(({ object }) => object);
  return {
    'an event': JSON.stringify(objectsOf('Event')),
    'a status': JSON.stringify(objectsOf('JWT').map(({ status }) => status)),
  };
}
