import { formatDuration } from '../time/format-time.ts';
import { isJsonObject, member } from '../resources/json.ts';
import { parseJwtSpec, type JwtSpec } from '../resources/jwt.ts';
import type { StateProblem } from '../resources/problem.ts';
import { fail, ok, type Result } from '../resources/result.ts';
import { buildClaims, type Claims } from './claims.ts';
import { readSigningKey, type SigningKey } from './key.ts';
import { findTooLong, tokenBytes } from './token-size.ts';
import { findWarnings, type LintWarning } from './lint/lint-findings.ts';
import { isRenewalClamped } from './schedule.ts';

/** Any time and identifier: of a token to come only the length matters. */
const SAMPLE = { now: 1_800_000_000, jti: '00000000-0000-4000-8000-000000000000' } as const;

/** Why a spec can never work. `reason` is the word of the condition that it would get. */
export interface LintRefusal extends StateProblem {
  /** A stable word; never changes its meaning. */
  readonly rule: 'spec' | 'key' | 'claims' | 'renewal';
}

/** The findings about one JWT. */
export interface LintFindings {
  readonly refusals: readonly LintRefusal[];
  /** All of them, most useful first. When the spec cannot be read, of a key in a ConfigMap alone. */
  readonly warnings: readonly LintWarning[];
}

/** A spec that was read to be judged. */
export interface SpecToJudge {
  readonly parsed: Result<JwtSpec, StateProblem>;
  /** Its key is in a ConfigMap, and `parsed` has one in a Secret instead, so that everything else is judged. */
  readonly hasConfigMapKey: boolean;
}

/** How closely to look. */
export interface LintOptions {
  /** A stored object may keep a `resignBefore` that is not shorter than its lifetime: half of it is used then. */
  readonly isNew: boolean;
  /** False: a key in the spec is not read, which costs the most by far. */
  readonly tryKey?: boolean;
}

/**
 * Checks a JWT by its `spec` alone, as wire JSON: nothing is looked up, so a key in a Secret is not judged. Never throws,
 * whatever the JSON holds; the messages quote claim names, but never a value or a key.
 */
export async function lintJwt(spec: unknown, options: LintOptions): Promise<LintFindings> {
  return lintParsedJwt(parseToJudge(spec), options);
}

/** Reads a spec, as wire JSON, for `lintParsedJwt`. */
export function parseToJudge(spec: unknown): SpecToJudge {
  const hasConfigMapKey = isConfigMapKey(member(spec, 'key'));
  const key = { secret: { name: 'any', key: 'any' } };
  return {
    parsed: parseJwtSpec(hasConfigMapKey && isJsonObject(spec) ? { ...spec, key } : spec),
    hasConfigMapKey,
  };
}

/** As `lintJwt`, for a spec that was read before. */
export async function lintParsedJwt(
  { parsed, hasConfigMapKey }: SpecToJudge,
  { isNew, tryKey = true }: LintOptions,
): Promise<LintFindings> {
  const ofKey = hasConfigMapKey ? [CONFIG_MAP_KEY] : [];
  if (!parsed.ok) return { refusals: [{ rule: 'spec', ...parsed.problem }], warnings: ofKey };
  const { value: jwt } = parsed;
  const key = tryKey ? await readInlineKey(jwt) : ok(undefined);
  const claims = buildClaims(jwt, SAMPLE.now, SAMPLE.jti);
  const bytes = bytesOfToken(jwt, claims, key.ok ? key.value : undefined);
  const tooLong = findTooLong(bytes);
  const refusals: LintRefusal[] = [];
  if (!key.ok) refusals.push({ rule: 'key', ...key.problem });
  if (!claims.ok) refusals.push({ rule: 'claims', ...claims.problem });
  if (tooLong !== undefined) refusals.push({ rule: 'claims', ...tooLong });
  if (isNew && isRenewalClamped(jwt)) refusals.push({ rule: 'renewal', ...describeClamped(jwt) });
  return { refusals, warnings: [...ofKey, ...findWarnings(jwt, bytes)] };
}

/** The warnings of a spec that was read already, and whose key is not at hand. */
export function lintSpec(spec: JwtSpec): readonly LintWarning[] {
  return findWarnings(spec, bytesOfToken(spec, buildClaims(spec, SAMPLE.now, SAMPLE.jti), undefined));
}

/** The size of the token; 0 when no token can be made. */
function bytesOfToken(
  spec: JwtSpec,
  claims: Result<Claims, StateProblem>,
  key: SigningKey | undefined,
): number {
  return claims.ok ? tokenBytes(spec, claims.value, key) : 0;
}

/** The key, if it is in the spec itself. */
async function readInlineKey(spec: JwtSpec): Promise<Result<SigningKey | undefined, StateProblem>> {
  if (spec.key.from !== 'value') return ok(undefined);
  const key = await readSigningKey(spec.key.text, spec.algorithm);
  return key.ok ? key : fail({ ...key.problem, message: `spec.key.value: ${key.problem.message}` });
}

function describeClamped({ lifetime, resignBefore = 0 }: JwtSpec): StateProblem {
  const [before, life] = [formatDuration(resignBefore), formatDuration(lifetime)];
  const message = `spec.resignBefore (${before}) must be shorter than spec.expiryTime (${life}): leave it out for half of the lifetime`;
  return { reason: 'RenewalClamped', message };
}

/** token-manager's schema knew such keys: an object of its time can still be applied. */
const CONFIG_MAP_KEY: LintWarning = {
  rule: 'config-map-key',
  message:
    'spec.key.configMap is never read, nothing is signed: move the key into a Secret, set spec.key.secret',
};

function isConfigMapKey(key: unknown): boolean {
  return isJsonObject(key) && Object.keys(key).length === 1 && isJsonObject(key['configMap']);
}
