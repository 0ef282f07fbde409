import type { ObjectName } from './object-key.ts';
import { isAlgorithmName, type AlgorithmName } from './algorithms.ts';
import { parseDuration } from './duration.ts';
import {
  arrayMember,
  isDeeperThan,
  isJsonObject,
  jsonBytes,
  MAX_LEVELS,
  member,
  objectMember,
  stringMember,
  stringMap,
  type JsonObject,
  type StringMap,
} from './json.ts';
import { parseKeySource, type KeySource } from './key-source.ts';
import { keepAnnotations, keepFinalizers, keepLabels } from './kept-metadata.ts';
import { KIND } from './names.ts';
import type { StateProblem } from './problem.ts';
import { parseRecordedStatus, type RecordedStatus } from './recorded-status.ts';
import { fail, ok, type Result } from './result.ts';
import { parseSecretTemplate, type SecretTemplate } from './secret-template.ts';
import { isLongerThan } from './text-length.ts';
import { parseTime } from '../time/format-time.ts';
import type { Seconds } from '../time/units.ts';

/** A token goes with every request, and servers take headers of 8 or 16 KiB; what is larger is a mistake or an attack. */
const MAX_DATA_PROPERTIES = 64;
const MAX_DATA_BYTES = 64 * 1024;
/** Characters, as the CRD bounds them. */
export const MAX_ISSUER = 2_048;
const MAX_KEY_ID = 1_024;

/** Claims as JSON text: an object of many claims takes up to twenty times as much memory. */
export type PackedClaims = string;

/** `spec` of a JWT, durations in seconds. */
export interface JwtSpec {
  readonly issuer: string;
  readonly keyId: string;
  readonly algorithm: AlgorithmName;
  /** The free claims as written; see {@link claimsOf}. */
  readonly data: JsonObject | PackedClaims;
  /**
   * The `digestClaims` of claims that the cache does not hold, as they are long; `data` has no more of them than planning
   * looks at. It takes the whole JWT to sign them.
   */
  readonly claimsDigest?: string;
  /** Seconds, > 0. */
  readonly lifetime: Seconds;
  /** Seconds before expiry; absent = half of the lifetime. May be ≥ lifetime in objects stored before the rule. */
  readonly resignBefore?: Seconds;
  readonly key: KeySource;
  readonly secretTemplate: SecretTemplate;
}

/**
 * The free claims of a spec; registered claims in it are dealt with when the token's claims are built. Packed claims are parsed
 * by each call.
 */
export function claimsOf({ data }: Pick<JwtSpec, 'data'>): JsonObject {
  if (typeof data !== 'string') return data;
  const claims: unknown = JSON.parse(data);
  return isJsonObject(claims) ? claims : {};
}

/** A JWT as the API server holds it. A spec that cannot be served is kept as its problem, so that it can be reported. */
export interface Jwt extends ObjectName {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  readonly isDeleting: boolean;
  /** When its deletion was asked for, in seconds since the epoch. */
  readonly deletedAt: Seconds | undefined;
  /** Only part of the labels, annotations and finalizers is kept: see `kept-metadata.ts`. */
  readonly labels: StringMap;
  readonly annotations: StringMap;
  readonly finalizers: readonly string[];
  readonly spec: Result<JwtSpec, StateProblem>;
  /** The key in a Secret that a spec names which cannot be served: once the spec is corrected, it is needed. */
  readonly unservedKey?: KeySource;
  /** Its `deletionPolicy` is `Retain`: that counts in a spec that cannot be served, too. */
  readonly isRetained: boolean;
  /** The content of its status. */
  readonly recorded: RecordedStatus;
}

/** Reads a JWT from wire JSON; the problem is one sentence for an object that is not a JWT at all. */
export function parseJwt(object: unknown): Result<Jwt, string> {
  const metadata = objectMember(object, 'metadata');
  const spec = member(object, 'spec');
  const name = stringMember(metadata, 'name');
  if (member(object, 'kind') !== KIND) return fail(`not a JWT: kind must be ${KIND}`);
  if (name === undefined) return fail('a JWT without a name: set metadata.name');
  const generation = member(metadata, 'generation');
  const finalizers = arrayMember(metadata, 'finalizers').filter((item) => typeof item === 'string');
  const deletedAt = stringMember(metadata, 'deletionTimestamp');
  const served = parseJwtSpec(spec);
  return ok({
    namespace: stringMember(metadata, 'namespace') ?? '',
    name,
    uid: stringMember(metadata, 'uid') ?? '',
    resourceVersion: stringMember(metadata, 'resourceVersion') ?? '',
    generation: typeof generation === 'number' ? generation : 0,
    isDeleting: deletedAt !== undefined,
    deletedAt: parseTime(deletedAt),
    labels: keepLabels(stringMap(member(metadata, 'labels'))),
    annotations: keepAnnotations(member(metadata, 'annotations')),
    finalizers: keepFinalizers(finalizers),
    spec: served,
    ...(served.ok ? {} : keepKeyPlace(spec)),
    isRetained: member(spec, 'deletionPolicy') === 'Retain',
    recorded: parseRecordedStatus(member(object, 'status')),
  });
}

/** The place of a JWT's key, as far as its spec names one. */
export function keySourceOf({ spec, unservedKey }: Pick<Jwt, 'spec' | 'unservedKey'>): KeySource | undefined {
  return spec.ok ? spec.value.key : unservedKey;
}

function keepKeyPlace(spec: unknown): Pick<Jwt, 'unservedKey'> {
  const key = parseKeySource(member(spec, 'key'));
  return key.ok && key.value.from === 'secret' ? { unservedKey: key.value } : {};
}

function invalid(message: string): { readonly ok: false; readonly problem: StateProblem } {
  return fail({ reason: 'ClaimsInvalid', message });
}

/**
 * Reads `spec`. The API server's schema has refused most mistakes before; what is caught here are objects
 * stored under token-manager's schema, and files that no API server has seen.
 */
export function parseJwtSpec(spec: unknown): Result<JwtSpec, StateProblem> {
  if (!isJsonObject(spec)) return invalid('spec is missing');
  const issuer = member(spec, 'issuer');
  const keyId = member(spec, 'keyId');
  const algorithm = member(spec, 'algorithm');
  const data = member(spec, 'data');
  if (typeof issuer !== 'string' || issuer === '') return invalid('spec.issuer must be set: the claim "iss"');
  if (typeof keyId !== 'string' || keyId === '') return invalid('spec.keyId must be set: the header "kid"');
  if (isLongerThan(issuer, MAX_ISSUER)) return invalid(`spec.issuer has more than ${MAX_ISSUER} characters`);
  if (isLongerThan(keyId, MAX_KEY_ID)) return invalid(`spec.keyId has more than ${MAX_KEY_ID} characters`);
  if (!isAlgorithmName(algorithm)) {
    return invalid('spec.algorithm must be one of RS, PS, ES 256, 384, 512 (e.g. ES256), or EdDSA');
  }
  if (!isJsonObject(data)) return invalid('spec.data must be an object of claims');
  const properties = Object.keys(data).length;
  if (properties > MAX_DATA_PROPERTIES) {
    return invalid(`spec.data has ${properties} properties: at most ${MAX_DATA_PROPERTIES} are allowed`);
  }
  if (isDeeperThan(data, MAX_LEVELS)) {
    return invalid(`spec.data is nested deeper than ${MAX_LEVELS} levels: make it flatter`);
  }
  if (isLongerThan(stringMember(data, 'iss') ?? '', MAX_ISSUER)) {
    return invalid(`spec.data.iss has more than ${MAX_ISSUER} characters`);
  }
  const bytes = jsonBytes(data);
  if (bytes > MAX_DATA_BYTES) {
    return invalid(
      `spec.data takes ${bytes} bytes as JSON: at most ${MAX_DATA_BYTES} are allowed, shorten it`,
    );
  }
  const lifetime = parseDuration(member(spec, 'expiryTime'), 'spec.expiryTime');
  if (!lifetime.ok) return invalid(lifetime.problem);
  if (lifetime.value === 0) {
    return invalid('spec.expiryTime must be longer than zero: set at least one of days, hours and minutes');
  }
  const resign = member(spec, 'resignBefore');
  const resignBefore =
    resign === undefined || resign === null ? ok(0) : parseDuration(resign, 'spec.resignBefore');
  if (!resignBefore.ok) return invalid(resignBefore.problem);
  const key = parseKeySource(member(spec, 'key'));
  if (!key.ok) return key;
  const secretTemplate = parseSecretTemplate(member(spec, 'secretTemplate') ?? {});
  if (!secretTemplate.ok) return invalid(secretTemplate.problem);
  const deletionPolicy = member(spec, 'deletionPolicy') ?? 'Delete';
  if (deletionPolicy !== 'Delete' && deletionPolicy !== 'Retain') {
    return invalid('spec.deletionPolicy must be Delete or Retain');
  }
  return ok({
    issuer,
    keyId,
    algorithm,
    data,
    lifetime: lifetime.value,
    ...(resignBefore.value === 0 ? {} : { resignBefore: resignBefore.value }),
    key: key.value,
    secretTemplate: secretTemplate.value,
  });
}
