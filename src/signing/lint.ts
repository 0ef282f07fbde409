import { formatDuration } from '../time/format-time.ts';
import type { AlgorithmName } from '../resources/algorithms.ts';
import { isJsonObject, member } from '../resources/json.ts';
import { parseJwtSpec, type JwtSpec } from '../resources/jwt.ts';
import type { StateProblem } from '../resources/problem.ts';
import { fail, type Result } from '../resources/result.ts';
import { draftToken, type TokenIdentity } from './draft-token.ts';
import { readSigningKey, type SigningKey } from './key.ts';
import { findWarnings, type LintWarning } from './lint/lint-findings.ts';
import { isRenewalClamped } from './schedule.ts';

/** Placeholders: only the length of the future token matters. */
const SAMPLE: TokenIdentity = { now: 1_800_000_000, jti: '00000000-0000-4000-8000-000000000000' };

/**
 * Why a spec can never work. `reason` is the word of the condition that it would get.
 *
 * @internal
 */
export interface LintRefusal extends StateProblem {
  /** A stable word; never changes its meaning. */
  readonly rule: 'spec' | 'forbidden' | 'key' | 'claims' | 'renewal';
}

interface LintFindings {
  readonly refusals: readonly LintRefusal[];
  /** All of them, most useful first. When the spec cannot be read, of a key in a ConfigMap alone. */
  readonly warnings: readonly LintWarning[];
}

interface LintOptions {
  /** A stored object may keep a `resignBefore` that is not shorter than its lifetime: half of it is used then. */
  readonly isNew?: boolean;
  /** Why a spec that can be read is not allowed. Nothing else is said of it then, and its key is not tried. */
  readonly forbid?: (spec: JwtSpec) => StateProblem | undefined;
  /** Runs the trial of a key in the spec, which costs the most by far; `undefined` when it shall not be tried. */
  readonly tryKey?: (trial: () => Promise<InlineKey>) => Promise<InlineKey | undefined>;
}

/** The key that a spec holds, or why it is not one. */
type InlineKey = Result<SigningKey, StateProblem>;

/**
 * Checks a JWT by its `spec` alone, as wire JSON: nothing is looked up, so a key in a Secret is not judged. Never throws,
 * whatever the JSON holds; the messages quote claim names, but never a value or a key.
 */
export async function lintJwt(
  spec: unknown,
  { isNew = true, forbid = () => undefined, tryKey = async (trial) => trial() }: LintOptions = {},
): Promise<LintFindings> {
  const ofKey = isConfigMapKey(member(spec, 'key')) ? [CONFIG_MAP_KEY] : [];
  const parsed = parseSpecToLint(spec);
  if (!parsed.ok) return { refusals: [{ rule: 'spec', ...parsed.problem }], warnings: ofKey };
  const jwt = parsed.value;
  const forbidden = forbid(jwt);
  if (forbidden !== undefined) return { refusals: [{ rule: 'forbidden', ...forbidden }], warnings: [] };
  const { key: source, algorithm } = jwt;
  const key =
    source.from === 'value' ? await tryKey(async () => readInlineKey(source.text, algorithm)) : undefined;
  const { claims, bytes } = draftToken(jwt, key?.ok === true ? key.value : undefined, SAMPLE);
  const refusals: LintRefusal[] = [];
  if (key?.ok === false) refusals.push({ rule: 'key', ...key.problem });
  if (!claims.ok) refusals.push({ rule: 'claims', ...claims.problem });
  if (isNew && isRenewalClamped(jwt)) refusals.push({ rule: 'renewal', ...describeClamped(jwt) });
  return { refusals, warnings: [...ofKey, ...findWarnings(jwt, bytes)] };
}

/** Reads a spec, as wire JSON. A key in a ConfigMap does not count as a problem, so that everything else is judged. */
export function parseSpecToLint(spec: unknown): Result<JwtSpec, StateProblem> {
  const isInMap = isConfigMapKey(member(spec, 'key'));
  return parseJwtSpec(isInMap && isJsonObject(spec) ? { ...spec, key: ANY_SECRET } : spec);
}

/** The warnings of a spec that was read already, and whose key is not at hand. */
export function lintSpec(spec: JwtSpec): readonly LintWarning[] {
  return findWarnings(spec, draftToken(spec, undefined, SAMPLE).bytes);
}

async function readInlineKey(text: string, algorithm: AlgorithmName): Promise<InlineKey> {
  const key = await readSigningKey(text, algorithm);
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

/** Stands for a key in a ConfigMap. */
const ANY_SECRET = { secret: { name: 'any', key: 'any' } };

function isConfigMapKey(key: unknown): boolean {
  return isJsonObject(key) && Object.keys(key).length === 1 && isJsonObject(key['configMap']);
}
