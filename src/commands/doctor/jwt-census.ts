import { findCondition } from '../../reconcile/conditions.ts';
import { objectMember, stringMember, type JsonObject } from '../../resources/json.ts';
import { parseJwt } from '../../resources/jwt.ts';
import { parseTime } from '../../time/format-time.ts';
import type { Seconds } from '../../time/units.ts';
import { findKopfLeftovers } from '../token-manager/kopf-leftovers.ts';

/** JWTs that have something in common: how many, and the first of them. */
export interface JwtGroup {
  count: number;
  /** `namespace/name`. */
  readonly first: string;
  /** The message of the condition of the first one. */
  readonly message: string;
}

/** The JWTs that one is allowed to see, counted: of a hundred thousand, only what is wrong is kept. */
export interface JwtCensus {
  /** The one namespace that was read, and why no other was; `undefined`: all namespaces were. */
  readonly only: { readonly namespace: string; readonly why: string } | undefined;
  /** The namespaces that jwt-injector is limited to; `undefined`: all. */
  readonly served: ReadonlySet<string> | undefined;
  /** `namespace/name` of each: a list that ends too early begins again. */
  readonly seen: Set<string>;
  /** There are more, which were not read. */
  isCut: boolean;
  /** The JWTs that are not Ready, by reason. */
  readonly notReady: Map<string, JwtGroup>;
  /** Ready or not, by what is wrong: `Expired`, `RenewalOverdue`, `Contended`, `Unseen`. */
  readonly others: Map<string, JwtGroup>;
  /** The JWTs in namespaces that are not served: nothing else about them counts. */
  readonly unserved: Map<'Unserved', JwtGroup>;
  /** The JWTs with a finalizer or annotations of token-manager. */
  readonly withLeftovers: Map<'KopfLeftovers', JwtGroup>;
}

/** The service looks at a new JWT within milliseconds; a minute is for one that has just been started. */
const UNSEEN_AFTER: Seconds = 60;
/** A renewal or the list itself may be running. */
const EXPIRED_AFTER: Seconds = 10;
/** Conditions that are there only when they say something. */
const WARNINGS = ['RenewalOverdue', 'Contended'];
const MAX_REASONS = 64; // there are fewer than twenty; a status of somebody else may hold any

/** A census before the first JWT. */
export function emptyCensus(only: JwtCensus['only'], served?: readonly string[]): JwtCensus {
  return {
    only,
    served: served === undefined ? undefined : new Set(served),
    seen: new Set(),
    isCut: false,
    notReady: new Map(),
    others: new Map(),
    unserved: new Map(),
    withLeftovers: new Map(),
  };
}

/** Adds one JWT (wire JSON) to the census. */
export function count(census: JwtCensus, object: JsonObject, now: Seconds): void {
  const parsed = parseJwt(object);
  if (!parsed.ok) return;
  const { namespace, name, recorded } = parsed.value;
  const key = `${namespace}/${name}`;
  if (census.seen.has(key)) return;
  census.seen.add(key);
  const add = <K extends string>(groups: Map<K, JwtGroup>, word: K, message: string): void => {
    const group = groups.get(word);
    if (group !== undefined) group.count += 1;
    else if (groups.size < MAX_REASONS) groups.set(word, { count: 1, first: key, message });
  };
  if (findKopfLeftovers(object) !== undefined) add(census.withLeftovers, 'KopfLeftovers', '');
  if (census.served?.has(namespace) === false) {
    add(census.unserved, 'Unserved', '');
    return;
  }
  const ready = findCondition(recorded, 'Ready');
  if (ready === undefined) {
    const created = parseTime(stringMember(objectMember(object, 'metadata'), 'creationTimestamp'));
    if (created !== undefined && now - created > UNSEEN_AFTER) add(census.others, 'Unseen', '');
    return;
  }
  if (ready.status !== 'True') add(census.notReady, ready.reason, ready.message);
  else if (recorded.expiresAt !== undefined && now - recorded.expiresAt > EXPIRED_AFTER)
    add(census.others, 'Expired', '');
  for (const type of WARNINGS) {
    const condition = findCondition(recorded, type);
    if (condition?.status === 'True') add(census.others, type, condition.message);
  }
}
