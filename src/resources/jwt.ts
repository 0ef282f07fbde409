import { isAlgorithmName, type AlgorithmName } from './algorithms.ts';
import { parseDuration } from './duration.ts';
import {
  isDeeperThan,
  isJsonObject,
  member,
  objectMember,
  stringMember,
  stringMap,
  type JsonObject,
} from './json.ts';
import { KIND, PREFIX } from './names.ts';
import type { StateProblem } from './problem.ts';
import { fail, ok, type Result } from './result.ts';

/** Above a thousand, reading and writing claims may overflow the stack; the API server stores ten thousand. */
const MAX_LEVELS = 500;

/** Where the private key is. `namespace` is absent when the JWT's own is meant. */
export type KeySource =
  | { readonly from: 'value'; readonly text: string }
  | { readonly from: 'secret'; readonly name: string; readonly key: string; readonly namespace?: string };

/** `spec` of a JWT, durations in seconds. */
export interface JwtSpec {
  readonly issuer: string;
  readonly keyId: string;
  readonly algorithm: AlgorithmName;
  /** The free claims as written; registered claims in it are dealt with when the token's claims are built. */
  readonly data: JsonObject;
  /** Seconds, > 0. */
  readonly lifetime: number;
  /** Seconds before expiry; absent = half of the lifetime. May be ≥ lifetime in objects stored before the rule. */
  readonly resignBefore?: number;
  readonly key: KeySource;
  readonly secretTemplate: { readonly labels: StringMap; readonly annotations: StringMap };
  readonly deletionPolicy: 'Delete' | 'Retain';
}

type StringMap = Readonly<Record<string, string>>;

/** A JWT as the API server holds it. A spec that cannot be served is kept as its problem, so that it can be reported. */
export interface Jwt {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  readonly deleting: boolean;
  readonly labels: StringMap;
  readonly annotations: StringMap;
  readonly finalizers: readonly string[];
  readonly spec: Result<JwtSpec, StateProblem>;
  /** As on the wire; `{}` when there is none yet. */
  readonly status: JsonObject;
}

/** Reads a JWT from wire JSON; the problem is one sentence for an object that is no JWT at all. */
export function parseJwt(object: unknown): Result<Jwt, string> {
  const metadata = objectMember(object, 'metadata');
  const name = stringMember(metadata, 'name');
  if (member(object, 'kind') !== KIND) return fail(`not a JWT: kind must be ${KIND}`);
  if (metadata === undefined || name === undefined) return fail('a JWT without a name: set metadata.name');
  const generation = member(metadata, 'generation');
  const finalizers = member(metadata, 'finalizers');
  return ok({
    namespace: stringMember(metadata, 'namespace') ?? '',
    name,
    uid: stringMember(metadata, 'uid') ?? '',
    resourceVersion: stringMember(metadata, 'resourceVersion') ?? '',
    generation: typeof generation === 'number' ? generation : 0,
    deleting: typeof member(metadata, 'deletionTimestamp') === 'string',
    labels: stringMap(member(metadata, 'labels')),
    annotations: stringMap(member(metadata, 'annotations')),
    finalizers: Array.isArray(finalizers) ? finalizers.filter((item) => typeof item === 'string') : [],
    spec: parseJwtSpec(member(object, 'spec')),
    status: objectMember(object, 'status') ?? {},
  });
}

function invalid(message: string): { readonly ok: false; readonly problem: StateProblem } {
  return fail({ reason: 'ClaimsInvalid', message });
}

function unreadable(message: string): { readonly ok: false; readonly problem: StateProblem } {
  return fail({ reason: 'KeyUnreadable', message });
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
  if (!isAlgorithmName(algorithm)) {
    return invalid('spec.algorithm must be one of RS, PS, ES 256, 384, 512 (e.g. ES256), or EdDSA');
  }
  if (!isJsonObject(data)) return invalid('spec.data must be an object of claims');
  if (isDeeperThan(data, MAX_LEVELS)) {
    return invalid(`spec.data is nested deeper than ${MAX_LEVELS} levels: make it flatter`);
  }
  const lifetime = parseDuration(member(spec, 'expiryTime'), 'spec.expiryTime');
  if (!lifetime.ok) return invalid(lifetime.problem);
  if (lifetime.value === 0)
    return invalid('spec.expiryTime is zero: no token could ever be valid; set days, hours or minutes');
  const resign = member(spec, 'resignBefore');
  const resignBefore =
    resign === undefined || resign === null ? ok(0) : parseDuration(resign, 'spec.resignBefore');
  if (!resignBefore.ok) return invalid(resignBefore.problem);
  const key = parseKeySource(member(spec, 'key'));
  if (!key.ok) return key;
  const template = objectMember(spec, 'secretTemplate');
  const labels = stringMap(member(template, 'labels'));
  const annotations = stringMap(member(template, 'annotations'));
  const reserved = [...Object.keys(labels), ...Object.keys(annotations)].find((name) =>
    name.startsWith(PREFIX),
  );
  if (reserved !== undefined)
    return invalid(`spec.secretTemplate may not set ${reserved}: keys with ${PREFIX} are ours`);
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
    secretTemplate: { labels, annotations },
    deletionPolicy,
  });
}

function parseKeySource(key: unknown): Result<KeySource, StateProblem> {
  if (!isJsonObject(key)) return unreadable('spec.key is missing: set spec.key.secret {name, key}');
  const given = ['value', 'secret', 'configMap'].filter(
    (source) => (member(key, source) ?? undefined) !== undefined,
  );
  if (given.length !== 1) {
    return unreadable(
      `spec.key must have exactly one source, it has ${given.length === 0 ? 'none' : given.join(' and ')}: set spec.key.secret {name, key}${given.length === 0 ? '' : ' and nothing else'}`,
    );
  }
  if (given[0] === 'configMap') {
    return unreadable(
      'spec.key.configMap: a private key in a ConfigMap is never read: move the key into a Secret: ' +
        'kubectl create secret generic NAME --from-file=key.pem, then set spec.key.secret {name: NAME, key: key.pem}',
    );
  }
  const value = member(key, 'value');
  if (given[0] === 'value') {
    if (typeof value !== 'string' || value.trim() === '')
      return unreadable('spec.key.value must hold a PEM or JWK text');
    return ok({ from: 'value', text: value });
  }
  const secret = objectMember(key, 'secret');
  const name = stringMember(secret, 'name');
  const dataKey = stringMember(secret, 'key');
  const namespace = stringMember(secret, 'namespace');
  if (name === undefined || name === '')
    return unreadable('spec.key.secret.name must name the Secret that holds the key');
  if (dataKey === undefined || dataKey === '') {
    return unreadable('spec.key.secret.key must name the data key of the Secret that holds the private key');
  }
  return ok({
    from: 'secret',
    name,
    key: dataKey,
    ...(namespace === undefined || namespace === '' ? {} : { namespace }),
  });
}
