import fc from 'fast-check';
import { ELOQUENT, STATUSES, type Answer } from './answers.ts';
import type { Call, ApiHealth } from './link.ts';
import type { KeyName } from './model-keys.ts';
import { VANDALISM, type Vandalism } from './vandalism.ts';

/** The JWTs and the key Secrets of the model. `keys/shared` is in another namespace and needs a grant. */
export const JWT_KEYS = ['science/a', 'science/b'] as const;
export const KEY_SECRETS = ['science/k1', 'science/k2', 'keys/shared'] as const;
export type JwtKey = (typeof JWT_KEYS)[number];
export type KeySecret = (typeof KEY_SECRETS)[number];

/** A list of namespaces that is longer than the part that caches store. */
const LONG_GRANT = `${'others,'.repeat(100)}science`;

/** Calls to the API server. */
const CALLS: readonly Call[] = [
  { verb: 'get', what: 'secret' },
  { verb: 'get', what: 'jwt' },
  { verb: 'apply', what: 'secret' },
  { verb: 'apply', what: 'status' },
  { verb: 'patch', what: 'secret' },
  { verb: 'patch', what: 'jwt' },
];

/** A member of a spec and its new value. */
export type Edit =
  | { readonly scope: number }
  | { readonly lifetime: number }
  | { readonly resignBefore: number | undefined }
  | { readonly keyId: string }
  | { readonly key: KeySecret }
  | { readonly keyId: string; readonly key: KeySecret }
  | { readonly issuer: string }
  | { readonly issuer: string; readonly key: KeySecret }
  | { readonly algorithm: 'ES256' | 'ES384' }
  | { readonly template: number }
  | { readonly policy: 'Delete' | 'Retain' };

/** One step of a schedule; times in milliseconds, durations of specs in minutes. */
export type Step =
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'create'; readonly jwt: JwtKey }
  | {
      readonly do: 'delete';
      readonly jwt: JwtKey;
      readonly how: 'background' | 'foreground' | 'orphan';
      readonly recreate: boolean;
    }
  | { readonly do: 'edit'; readonly jwt: JwtKey; readonly edit: Edit }
  | {
      readonly do: 'label';
      readonly jwt: JwtKey;
      readonly name: string;
      readonly value: string | undefined;
    }
  | { readonly do: 'annotate'; readonly jwt: JwtKey; readonly value: string }
  | { readonly do: 'wipe status'; readonly jwt: JwtKey }
  /** token-manager adds its finalizer to the JWT. */
  | { readonly do: 'mark'; readonly jwt: JwtKey }
  | { readonly do: 'renew'; readonly jwt: JwtKey; readonly value: string | undefined }
  | { readonly do: 'key'; readonly secret: KeySecret; readonly holds: KeyName | undefined }
  | { readonly do: 'grant'; readonly to: string | undefined }
  | { readonly do: 'vandalise'; readonly jwt: JwtKey; readonly how: Vandalism }
  /** A peer breaks or deletes the Secret, or an author changes the JWT, so often in a row, each time as soon as it was answered. */
  | {
      readonly do: 'repeat';
      readonly jwt: JwtKey;
      readonly what: 'garbage' | 'delete' | 'edit' | 'renew';
      readonly times: number;
    }
  | { readonly do: 'collect garbage' }
  | { readonly do: 'api-health'; readonly health: ApiHealth; readonly relist: boolean }
  | { readonly do: 'lead'; readonly replica: 0 | 1 | undefined; readonly zombieMs: number }
  | { readonly do: 'restart'; readonly replica: 0 | 1 }
  | { readonly do: 'relist'; readonly replica: 0 | 1 }
  | { readonly do: 'lag'; readonly replica: 0 | 1; readonly ms: number }
  | { readonly do: 'jump'; readonly ms: number }
  /** Calls of this kind get this answer for `ms` milliseconds. */
  | { readonly do: 'refuse'; readonly call: Call; readonly answer: Answer; readonly ms: number }
  /** For `ms` milliseconds an admission policy forbids to remove owners from Secrets. */
  | { readonly do: 'keep owners'; readonly ms: number }
  /** The process is stopped, or its machine, including the monotonic clock. */
  | {
      readonly do: 'suspend';
      readonly replica: 0 | 1;
      readonly what: 'process' | 'machine';
      readonly ms: number;
    }
  /** The leader-only store of the leader refuses all writes for this time, within a term. */
  | { readonly do: 'doubt'; readonly ms: number };

export interface Schedule {
  /** Seed of the random numbers: latencies, jitter of back-offs, lost answers. */
  readonly seed: number;
  readonly steps: readonly Step[];
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const jwt = fc.constantFrom('science/a' as const, 'science/a' as const, 'science/b' as const);
const replica = fc.constantFrom(0 as const, 1 as const);
const keyId = fc.constantFrom('kid-1', 'kid-2');
const keySecret = fc.constantFrom(...KEY_SECRETS);
const issuer = fc.constantFrom('https://issuer.example.com', 'https://other.example.com');

const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({ scope: fc.nat(2) }),
  fc.record({ lifetime: fc.constantFrom(1, 3, 10, 60, 43_200) }),
  fc.record({ resignBefore: fc.constantFrom(undefined, 1, 5, 30, 100_000) }),
  fc.record({ keyId }),
  fc.record({ key: keySecret }),
  fc.record({ keyId, key: keySecret }),
  fc.record({ issuer }),
  fc.record({ issuer, key: keySecret }),
  fc.record({ algorithm: fc.constantFrom('ES256' as const, 'ES384' as const) }),
  fc.record({ template: fc.nat(2) }),
  fc.record({ policy: fc.constantFrom('Delete' as const, 'Retain' as const) }),
);

const answer: fc.Arbitrary<Answer> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ status: fc.constantFrom(...STATUSES) }) },
  { weight: 2, arbitrary: fc.constantFrom(...ELOQUENT) },
  {
    weight: 1,
    arbitrary: fc.record({
      status: fc.constantFrom(429, 503),
      retryAfter: fc.constantFrom(1, 45, 400, 86_400),
    }),
  },
);

const wait = fc.record({
  do: fc.constant('wait' as const),
  ms: fc.oneof(
    { weight: 10, arbitrary: fc.constantFrom(0, 1, 3, 5, 10, 50) },
    { weight: 10, arbitrary: fc.constantFrom(SECOND, 5 * SECOND, 31 * SECOND) },
    { weight: 3, arbitrary: fc.constantFrom(90 * SECOND, 10 * MINUTE) },
    { weight: 1, arbitrary: fc.constantFrom(HOUR) },
  ),
});

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 38, arbitrary: wait },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('create' as const), jwt }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('delete' as const),
      jwt,
      how: fc.constantFrom('background' as const, 'foreground' as const, 'orphan' as const),
      recreate: fc.boolean(),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('edit' as const), jwt, edit }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('label' as const),
      jwt,
      name: fc.constantFrom('team', 'argocd.argoproj.io/instance'),
      value: fc.constantFrom('x', 'y', undefined),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('annotate' as const), jwt, value: fc.constantFrom('x', 'y') }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wipe status' as const), jwt }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('mark' as const), jwt }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('renew' as const),
      jwt,
      value: fc.constantFrom('1', '2', undefined),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('key' as const),
      secret: fc.constantFrom('science/k1' as const, ...KEY_SECRETS),
      holds: fc.constantFrom('first', 'first', 'second', 'third', 'es384', 'broken', undefined),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('grant' as const),
      to: fc.constantFrom('science', LONG_GRANT, undefined),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('vandalise' as const), jwt, how: fc.constantFrom(...VANDALISM) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('repeat' as const),
      jwt,
      what: fc.constantFrom('garbage' as const, 'delete' as const, 'edit' as const, 'renew' as const),
      times: fc.constantFrom(4, 7, 12),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('collect garbage' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('api-health' as const),
      health: fc.constantFrom('healthy', 'healthy', 'slow', 'down', 'lossy', 'status-refused'),
      relist: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('lead' as const),
      replica: fc.constantFrom(0 as const, 1 as const, undefined),
      zombieMs: fc.constantFrom(0, 20, 20 * SECOND),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('restart' as const), replica }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('relist' as const), replica }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('lag' as const),
      replica,
      ms: fc.constantFrom(0, 0, 6, 300, 20 * SECOND),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('jump' as const),
      ms: fc.constantFrom(12 * SECOND, 61 * SECOND, HOUR, -HOUR, 720 * HOUR),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('refuse' as const),
      call: fc.constantFrom(...CALLS),
      answer,
      ms: fc.constantFrom(5, 5 * SECOND, 40 * SECOND),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('keep owners' as const),
      ms: fc.constantFrom(40 * SECOND, 3 * HOUR),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('suspend' as const),
      replica,
      what: fc.constantFrom('process' as const, 'machine' as const),
      ms: fc.constantFrom(50, 11 * SECOND, 40 * SECOND),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('doubt' as const), ms: fc.constantFrom(10, 2 * SECOND) }),
  },
);

/** All steps, in any order. */
export const schedule: fc.Arbitrary<Schedule> = fc.record({
  seed: fc.nat(),
  steps: fc.array(step, { minLength: 1, maxLength: 30, size: 'max' }),
});
