import type { ObjectName } from '../../resources/object-key.ts';
import { findOwnership, type Ownership } from '../../reconcile/ownership.ts';
import type { JsonObject } from '../../resources/json.ts';
import { formatTime } from '../../time/format-time.ts';
import type { Jwt } from '../../resources/jwt.ts';
import { lintSpec } from '../../signing/lint.ts';
import { findAdvice } from '../../signing/lint/advice.ts';
import { readReady } from '../cluster/ready-state.ts';
import type { Snapshot } from './snapshot.ts';
import {
  describeKeyPlace,
  describeNextAction,
  foreseeRenewals,
  writeRenewals,
  type NextAction,
} from './next-action.ts';
import type { Seconds } from '../../time/units.ts';
import type { Lifetimes } from '../../signing/schedule.ts';

/** All that is reported of a JWT in the cluster, as `-o json` prints it. Times in RFC 3339 unless they are claims. */
export interface JwtReport extends ObjectName {
  readonly kind: 'JWT';
  /** The status of the condition Ready: `True`, `False`, `Unknown`; `PENDING` when there is no status yet. */
  readonly ready: string;
  readonly reason: string;
  /** Whether the status is of the spec as it is now. */
  readonly upToDate: boolean;
  readonly conditions: readonly {
    readonly type: string;
    readonly status: string;
    readonly reason: string;
    readonly message: string;
  }[];
  /** The owner of the Secret of its name; `forbidden` when the caller is not allowed to know. */
  readonly secret: Ownership | 'absent' | 'forbidden';
  /** Header and claims of the token in its own Secret; never the signature. */
  readonly token: { readonly header: JsonObject; readonly claims: JsonObject } | undefined;
  /** How often it was renewed. */
  readonly renewals: number | undefined;
  /** The place of the private key. */
  readonly key: string;
  readonly next: NextAction;
  /** When a failed attempt is made again. */
  readonly nextAttemptAt: string | undefined;
  readonly nextRenewals: readonly { readonly at: string; readonly expiresAt: string }[];
  /** The lifetimes of the spec in seconds, `undefined` when the spec cannot be served. */
  readonly lifetimes: Lifetimes | undefined;
  /** The faults for which verifiers will refuse such a token, or which leak the key. */
  readonly warnings: readonly string[];
  /** Advice about values that are often a mistake. */
  readonly advice: readonly string[];
  /** The objects that the caller is not allowed to read, each in words to follow "you are not allowed to". */
  readonly forbidden: readonly string[];
}

/** `now` in seconds since the epoch. */
export function reportJwt(snapshot: Snapshot, now: Seconds): JwtReport {
  const { jwt, read, forbidden } = snapshot;
  const conditions = readConditions(jwt);
  const ready = readReady(jwt.recorded);
  const { observedGeneration, renewals, nextAttemptAt } = jwt.recorded;
  const secret = judgeSecret(snapshot);
  return {
    kind: 'JWT',
    namespace: jwt.namespace,
    name: jwt.name,
    ready: ready.status,
    reason: ready.reason,
    upToDate: observedGeneration === jwt.generation,
    conditions,
    secret,
    token: secret === 'ours' && read !== undefined ? { header: read.header, claims: read.claims } : undefined,
    renewals,
    key: jwt.spec.ok ? describeKeyPlace(snapshot) : '',
    next: describeNextAction(snapshot, now),
    nextAttemptAt: nextAttemptAt === undefined ? undefined : formatTime(nextAttemptAt),
    nextRenewals: writeRenewals(foreseeRenewals(snapshot, now)),
    lifetimes: jwt.spec.ok ? lifetimesOf(jwt.spec.value) : undefined,
    ...readLint(jwt),
    forbidden,
  };
}

/** The two times of a spec alone. */
export function lifetimesOf({ lifetime, resignBefore }: Lifetimes): Lifetimes {
  return { lifetime, ...(resignBefore === undefined ? {} : { resignBefore }) };
}

function readLint({ spec }: Jwt): Pick<JwtReport, 'warnings' | 'advice'> {
  if (!spec.ok) return { warnings: [], advice: [] };
  return {
    warnings: lintSpec(spec.value).map(({ message }) => message),
    advice: findAdvice(spec.value).map(({ message }) => message),
  };
}

function judgeSecret({ jwt, seen }: Snapshot): JwtReport['secret'] {
  if (seen === undefined) return 'forbidden';
  const { secret } = seen.observed;
  return secret === undefined ? 'absent' : findOwnership(jwt, secret);
}

function readConditions({ recorded }: Jwt): JwtReport['conditions'] {
  return recorded.conditions.map(({ type, status, reason, message }) => ({ type, status, reason, message }));
}
