import type { Store } from '../../src/loop/act.ts';
import type { Recorder, SignedEntry } from '../../src/loop/recorder.ts';
import { Memory } from '../../src/loop/memory.ts';
import type { Failure } from '../../src/reconcile/failure.ts';
import type { Reconciler } from '../../src/loop/round.ts';
import { objectMember, type JsonObject } from '../../src/resources/json.ts';
import type { Jwt } from '../../src/resources/jwt.ts';
import { parseRecordedStatus, type RecordedStatus } from '../../src/resources/recorded-status.ts';
import { makeJwt } from '../fixtures/jwts.ts';
import { NOW } from '../fixtures/observed.ts';
import { makeSources, WITH_KEY } from './model/sources.ts';

export const jwt = makeJwt(WITH_KEY);
export const NEXT_ATTEMPT_AT = NOW + 4;
export const refused: Failure = { meaning: 'failed', message: 'apply secrets: 403 Forbidden' };

/**
 * A reconciler with these sources. `fails` says which writes throw; `inStore` and `secretsInStore` are the
 * JWTs and Secrets at the API server.
 */
export function makeReconciler(
  seen: readonly JsonObject[],
  fails: readonly string[] = [],
  failure = refused,
  inStore: readonly Jwt[] = [],
  secretsInStore = seen,
) {
  const { observer, reads } = makeSources(seen, secretsInStore, inStore);
  const writes: string[] = [];
  const secrets: JsonObject[] = [];
  const statuses: unknown[] = [];
  const signed: SignedEntry[] = [];
  const failed: unknown[] = [];
  const changed: string[] = [];
  const bugs: string[] = [];
  const write = (what: string): void => {
    writes.push(what);
    if (fails.includes(what)) throw new Error(what);
  };
  const store: Store = {
    readSecret: (namespace, name) => observer.sources.readSecret(namespace, name),
    applySecret: async (body) => {
      secrets.push(body);
      write('secret');
    },
    applyStatus: async (body) => {
      statuses.push(objectMember(body, 'status'));
      write('status');
    },
    patchSecret: async () => ({}),
    patchJwt: async () => write('jwt'),
  };
  const recorder: Recorder = {
    signed: (entry) => signed.push(entry),
    repaired: () => changed.push('repaired'),
    disowned: () => changed.push('disowned'),
    conditionChanged: (_subject, { type, reason }, isFirst) => changed.push(`${type} ${reason} ${isFirst}`),
    conditionEnded: (_subject, { type }) => changed.push(`${type} over`),
    failed: (_subject, ...rest) => failed.push(rest),
  };
  const reconciler: Reconciler = {
    observer,
    store,
    recorder,
    memory: new Memory(),
    now: () => NOW * 1000,
    classify: () => failure,
    onBug: (error) => bugs.push(String(error)),
  };
  return {
    reconciler,
    reads,
    writes,
    secrets,
    get statuses(): readonly RecordedStatus[] {
      return statuses.map(parseRecordedStatus);
    },
    signed,
    failed,
    changed,
    bugs,
  };
}

/** The Secret after this apply. */
export function stored(body: JsonObject | undefined): JsonObject {
  const metadata = { ...objectMember(body, 'metadata'), uid: 'u', resourceVersion: '12' };
  return { ...body, metadata };
}
