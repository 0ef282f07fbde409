import { ALGORITHMS, isAlgorithmName } from '../../resources/algorithms.ts';
import { formatDuration } from '../../time/format-time.ts';
import { member, stringMember, type JsonObject } from '../../resources/json.ts';
import { REFRESHED_WITHIN } from '../../resources/kubelet.ts';
import { claimsOf, type JwtSpec } from '../../resources/jwt.ts';
import { overriddenClaims } from '../claims.ts';
import { findIssuerUrls, hasCredentials } from '../issuer/urls.ts';
import {
  findForeignClaim,
  MAX_ZTN_BYTES,
  profileOfVer,
  readAudiences,
  WLCG,
  WLCG_VERSION,
  type Audiences,
  type Profile,
} from '../profiles.ts';
import { hasPath, hasScope, lacksRead, readScopes, type Scopes } from './scopes.ts';
import type { Seconds } from '../../time/units.ts';

/** A pod sees a new token late, and what it starts with the old one takes time too. */
const MIN_LIFETIME: Seconds = 10 * 60;
/** Twice the time in which a pod sees a new token: some programs read the file only now and then. */
const MIN_RESIGN_BEFORE: Seconds = 2 * REFRESHED_WITHIN;
const LATE = `pods see a new token up to ${REFRESHED_WITHIN} s late`;

const OSDF_ALGORITHMS = Object.keys(ALGORITHMS)
  .filter((name) => isAlgorithmName(name) && ALGORITHMS[name].acceptedByOsdf)
  .join(' and ');

/** A fault that verifiers refuse, or that leaks a secret, though the token can be signed. */
export interface LintWarning {
  /** A stable word; never changes its meaning. */
  readonly rule: string;
  /** One line of at most 120 characters: field, what is wrong, the remedy. Quotes nothing that the author wrote freely. */
  readonly message: string;
}

interface LintFacts {
  readonly spec: JwtSpec;
  /** Its claims. */
  readonly data: JsonObject;
  /** The one in the token. */
  readonly issuer: string;
  /** The field in which the author wrote that issuer. */
  readonly issuerField: 'spec.issuer' | 'spec.data.iss';
  readonly scopes: Scopes;
  readonly audiences: Audiences;
  /** The one that is meant: of SciTokens when `ver` stands alone and names one, or else WLCG's. */
  readonly profile: Profile;
  readonly bytes: number;
}

/**
 * Most useful first: a leaked key, which nothing else will ever show, then what everyone refuses, what some refuse, and
 * what works less well than meant. `verifiers/claim-rules.ts` says of a token what each verifier does with such claims; who
 * changes the one looks at the other.
 */
const FINDING_RULES: Readonly<Record<string, (facts: LintFacts) => string | false>> = {
  'key-in-resource': ({ spec }) =>
    spec.key.from === 'value' &&
    'spec.key.value shows the private key to all who may read JWTs: move it into a Secret, see spec.key.secret',
  'issuer-not-https': ({ issuer, issuerField }) => {
    const urls = findIssuerUrls(issuer.replaceAll(/\s/g, '')); // of white space the next one warns
    return !urls.ok && `${urls.problem}, correct ${issuerField}`;
  },
  'issuer-white-space': ({ issuer, issuerField }) =>
    /\s/.test(issuer) &&
    `the issuer has white space, and verifiers compare it byte for byte: remove it from ${issuerField}`,
  'issuer-credentials': ({ issuer, issuerField }) =>
    hasCredentials(issuer) &&
    `the issuer has a user name or password, which every token shows: remove it from ${issuerField}`,
  // To scitokens-cpp a number is an unknown version. Without a version it judges by SciTokens 1.0, which is hardly ever meant.
  'wlcg-version': ({ data, profile }) =>
    member(data, 'wlcg.ver') !== WLCG_VERSION &&
    profile === WLCG &&
    `spec.data["wlcg.ver"] must be "${WLCG_VERSION}", a string in quotes: XRootD knows no other version`,
  // scitokens-cpp looks at `ver` first, and refuses one that it does not know.
  'ver-beside-wlcg-version': ({ data }) =>
    Object.hasOwn(data, 'ver') &&
    Object.hasOwn(data, 'wlcg.ver') &&
    'spec.data.ver beside wlcg.ver: XRootD looks only at ver, remove ver',
  'audience-missing': ({ audiences, profile: { name, anyAudience } }) =>
    audiences.named.length === 0 &&
    anyAudience !== undefined &&
    `spec.data.aud is missing, empty or not a string: profile ${name} requires it, set it to ${anyAudience}`,
  'audience-no-text': ({ audiences }) =>
    audiences.named.length > 0 &&
    audiences.hasOthers &&
    'spec.data.aud has items that are not strings: XRootD refuses the token, remove them',
  // XRootD: "Failed to get token subject".
  'subject-missing': ({ data }) =>
    stringMember(data, 'sub') === undefined &&
    'spec.data.sub is missing or not a string: XRootD refuses the token, set it',
  // Its enforcer: "'scope' claim is mandatory".
  'scope-missing': ({ data, scopes }) =>
    scopes.form === 'missing' &&
    !hasOtherScopes(data) &&
    `spec.data.scope is missing: XRootD refuses the token, set it, e.g. "${WLCG.readScope}"`,
  'scope-misnamed': ({ data, scopes }) =>
    scopes.form === 'missing' &&
    hasOtherScopes(data) &&
    'spec.data has scopes or scp, which no verifier of OSDF reads: name the claim scope',
  'scope-no-text': ({ scopes }) =>
    scopes.form === 'other' &&
    `spec.data.scope is not a string: XRootD refuses the token, write one, e.g. "${WLCG.readScope}"`,
  'scope-commas': ({ scopes }) =>
    scopes.hasCommas && 'spec.data.scope has commas: scopes are divided by spaces, put these instead',
  'scope-white-space': ({ scopes }) =>
    scopes.hasOtherSpace &&
    'spec.data.scope has white space other than spaces (line breaks, tabs): scopes are divided by spaces, put these instead',
  // Caches have no audience of their own, and then take no specific one.
  'audience-without-any': ({ audiences, profile: { anyAudience } }) =>
    audiences.named.length > 0 &&
    anyAudience !== undefined &&
    !audiences.named.includes(anyAudience) &&
    `spec.data.aud names services only: OSDF caches refuse the token, add ${anyAudience}`,
  'audience-of-scitokens-1': ({ data, profile: { anyAudience } }) =>
    Object.hasOwn(data, 'aud') &&
    anyAudience === undefined &&
    'spec.data.aud: with this ver no value means any audience to XRootD, remove aud, or use wlcg.ver "1.0"',
  'claim-unknown': ({ data, profile }) =>
    findForeignClaim(data, profile) !== undefined &&
    'spec.data has claims that XRootD refuses with this ver: remove them, or use wlcg.ver "1.0" instead of ver',
  'profile-of-scitokens': ({ scopes, profile }) =>
    profile !== WLCG &&
    scopes.storage.length === 0 &&
    (scopes.hasSciTokens || !scopes.hasOtherPurpose) &&
    'spec.data.ver: Pelican refuses the words of SciTokens, use wlcg.ver "1.0" instead of ver, and storage.read:/',
  'algorithm-not-of-osdf': ({ spec }) =>
    !ALGORITHMS[spec.algorithm].acceptedByOsdf &&
    `spec.algorithm is ${spec.algorithm}: OSDF's verifiers accept only ${OSDF_ALGORITHMS}, use one of these`,
  'token-too-large': ({ bytes }) =>
    bytes > MAX_ZTN_BYTES &&
    `the token takes at least ${bytes} bytes: root:// of XRootD takes no more than ${MAX_ZTN_BYTES}, shorten spec.data`,
  'issuer-differs': ({ spec, issuer }) =>
    issuer !== spec.issuer &&
    'spec.data.iss differs from spec.issuer and wins over it: remove spec.data.iss, or make them equal',
  'scope-unknown': ({ scopes }) =>
    hasScope(scopes, 'storage.write') &&
    'spec.data.scope: storage.write is not a scope, use storage.create (new files) or storage.modify (all)',
  'scope-of-scitokens': ({ scopes, profile }) =>
    scopes.hasSciTokens &&
    profile === WLCG &&
    'spec.data.scope: read: and write: are words of SciTokens, with wlcg.ver use storage.read:/, storage.modify:/',
  'scope-of-wlcg': ({ scopes, profile }) =>
    scopes.storage.length > 0 &&
    !scopes.hasSciTokens &&
    profile !== WLCG &&
    'spec.data.scope: storage.… are words of WLCG, XRootD refuses them with this ver, use wlcg.ver "1.0" instead of ver',
  'scope-without-path': ({ scopes }) =>
    !scopes.storage.every(hasPath) &&
    'spec.data.scope: a storage scope needs a path that begins with "/", e.g. storage.read:/',
  'scope-without-storage': ({ scopes, profile }) =>
    scopes.form === 'text' &&
    profile === WLCG &&
    scopes.storage.length === 0 &&
    !scopes.hasSciTokens &&
    !scopes.hasOtherPurpose &&
    'spec.data.scope allows nothing of storage: OSDF refuses the token, add e.g. storage.read:/',
  'scope-path-odd': ({ scopes }) =>
    scopes.hasOddPath &&
    'spec.data.scope has a path with ".." or encoded twice: newer XRootD refuses it, write it without "..", encoded once',
  'scope-without-read': ({ scopes }) =>
    lacksRead(scopes) &&
    "spec.data.scope has no storage.read: Pelican's uploads and deletions fail without it, add storage.read",
  'lifetime-short': ({ spec }) =>
    spec.lifetime < MIN_LIFETIME &&
    `spec.expiryTime is ${formatDuration(spec.lifetime)}: ${LATE}, use ${formatDuration(MIN_LIFETIME)} or more`,
  'renewal-late': ({ spec: { resignBefore } }) =>
    resignBefore !== undefined &&
    resignBefore < MIN_RESIGN_BEFORE &&
    `spec.resignBefore is ${formatDuration(resignBefore)}: ${LATE}, use ${formatDuration(MIN_RESIGN_BEFORE)} or more`,
  'claims-overridden': ({ data }) => {
    const names = overriddenClaims(data);
    return (
      names.length > 0 && `spec.data: ${names.join(', ')} will be overridden by ours, remove from spec.data`
    );
  },
};

/** All that is to be warned of, most useful first. `bytes` is the token's length; 0 when no token can be made. */
export function findWarnings(spec: JwtSpec, bytes: number): readonly LintWarning[] {
  const data = claimsOf(spec);
  const profile = (Object.hasOwn(data, 'wlcg.ver') ? undefined : profileOfVer(data)) ?? WLCG;
  const iss = stringMember(data, 'iss');
  const facts: LintFacts = {
    spec,
    data,
    bytes,
    profile,
    scopes: readScopes(member(data, 'scope')),
    issuer: iss ?? spec.issuer,
    issuerField: iss === undefined ? 'spec.issuer' : 'spec.data.iss',
    audiences: readAudiences(data),
  };
  return Object.entries(FINDING_RULES).flatMap(([rule, says]) => {
    const message = says(facts);
    return message === false ? [] : [{ rule, message }];
  });
}

function hasOtherScopes(data: JsonObject): boolean {
  return Object.hasOwn(data, 'scopes') || Object.hasOwn(data, 'scp');
}
