import { Cache } from '../kube/watch/cache.ts';
import type { SharedValues } from '../kube/watch/shared-values.ts';
import { LongTokens } from './long-tokens.ts';
import { parseTokenSecret, type SecretWithEvidence } from '../loop/observe.ts';
import type { JsonObject } from '../resources/json.ts';
import type { Jwt } from '../resources/jwt.ts';
import type { TokenFacts } from '../signing/token-facts.ts';
import { dropDetails, parseOtherSecret, type SecretMetadata } from '../resources/secret.ts';
import { identify } from '../kube/object-identity.ts';

/** The cached part of a Secret with our label. If no JWT has its name, no more is kept than of any other. */
type LabelledSecret = SecretWithEvidence | SecretMetadata;

/** The cache of Secrets with our label, and what fills it. */
export interface LabelledSecrets {
  readonly cache: Cache<LabelledSecret>;
  /** The Secret of a JWT, with what is known of its token; `undefined` if no JWT has its name. */
  ofJwt(key: string): SecretWithEvidence | undefined;
  /** The Secret with this key that is not of a JWT. */
  withoutJwt(key: string): SecretMetadata | undefined;
  /** The part of the Secret that is to be cached now. `signedBy` as of `parseTokenSecret`. */
  parse(secret: JsonObject, signedBy?: string): LabelledSecret;
  /** Takes note of a Secret that was read: what is kept of it may be less than its JWT, which came later, needs. */
  noteRead(secret: JsonObject): void;
}

/**
 * Keeps Secrets with our label. Anybody who may write Secrets may set the label, on as many as they like and as large as they
 * come: so their data is read only where a JWT of the same name exists. One that comes later has its Secret read by the API
 * server's answer to a GET, as it has one without our label.
 */
export function keepLabelledSecrets(jwts: Cache<Jwt>, shared: SharedValues): LabelledSecrets {
  const cache = new Cache<LabelledSecret>();
  const longTokens = new LongTokens();
  /** The Secret that was parsed last, without the text of its token. */
  let latest: { readonly metadata: SecretMetadata; readonly facts: TokenFacts | undefined } | undefined;
  const parse = (object: JsonObject, signedBy?: string): LabelledSecret => {
    const jwt = jwts.get(identify(object).key);
    if (jwt === undefined) return shared.share(parseOtherSecret(object));
    const secret = parseTokenSecret(object, signedBy, jwt);
    longTokens.note(secret.evidence);
    const { metadata, evidence } = secret;
    const facts = evidence?.facts;
    shared.share(metadata, expectMetadata(jwt, latest?.metadata));
    if (facts !== undefined) shared.share(facts, expectFacts(jwt, latest?.facts));
    latest = { metadata, facts };
    return secret;
  };
  jwts.subscribe(({ type, key }) => {
    const kept = type === 'deleted' ? cache.get(key) : undefined;
    if (kept === undefined || !isOfJwt(kept)) return;
    cache.refine(key, kept.metadata.resourceVersion, dropDetails(kept.metadata));
  });
  return {
    cache,
    ofJwt: (key) => {
      const secret = cache.get(key);
      return secret !== undefined && isOfJwt(secret) ? secret : undefined;
    },
    withoutJwt: (key) => {
      const secret = cache.get(key);
      return secret === undefined || isOfJwt(secret) ? undefined : secret;
    },
    parse,
    noteRead: (secret) => {
      const { key, resourceVersion } = identify(secret);
      const kept = cache.get(key);
      if (kept !== undefined && !isOfJwt(kept)) cache.refine(key, resourceVersion, parse(secret));
    },
  };
}

/** The expected text of a JWT's Secret: the names that its JWT has, and all else as the Secret before in the list. */
function expectMetadata({ namespace, name, uid }: Jwt, before: SecretMetadata | undefined): object {
  const [owner] = before?.owners ?? [];
  return { ...before, namespace, name, owners: [{ ...owner, name, uid }] };
}

function expectFacts({ recorded }: Jwt, before: TokenFacts | undefined): object {
  return { ...before, iss: recorded.issuer, jti: recorded.tokenId };
}

/** The metadata that any Secret has. */
export function metadataOf(secret: LabelledSecret): SecretMetadata {
  return isOfJwt(secret) ? secret.metadata : secret;
}

/**
 * Whether a JWT of its name existed when the Secret was parsed.
 *
 * @internal
 */
export function isOfJwt(secret: LabelledSecret): secret is SecretWithEvidence {
  return 'metadata' in secret;
}
