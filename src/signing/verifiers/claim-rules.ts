import { member, type JsonObject } from '../../resources/json.ts';
import { hasPath, isKnownScope, lacksRead, readScopes, type Scopes } from '../lint/scopes.ts';
import {
  findForeignClaim,
  findProfile,
  MAX_ZTN_BYTES,
  profileOfVer,
  readAudiences,
  SCITOKENS_ANY,
  WLCG,
  WLCG_ANY,
  WLCG_VERSION,
  type Audiences,
  type Profile,
} from '../profiles.ts';
import {
  ALL_VERIFIERS,
  doubt,
  PELICAN_SERVERS,
  refusal,
  type ClaimRule,
  type RuleFinding,
} from './claim-rule.ts';
import type { Reason, VerdictFacts, VerifierName } from './facts.ts';
import { TIME_RULES } from './time-rules.ts';

/** The values that scitokens-cpp, by the profile of the token, and Pelican take for any audience. */
const ANY = [WLCG_ANY, SCITOKENS_ANY];
const PELICAN = ['pelican-client', ...PELICAN_SERVERS] as const;

/**
 * The rules of verifiers for the claims; the messages in quotes are their own, to be searched for. `lint/lint-findings.ts`
 * warns the author of a spec of such claims; who changes the one looks at the other.
 */
const RULES: Readonly<Record<string, ClaimRule>> = {
  ...TIME_RULES,
  'issuer-missing': {
    by: ALL_VERIFIERS,
    says: ({ token: { claims } }) =>
      typeof claims['iss'] === 'string'
        ? undefined
        : refusal(
            'the claim iss is missing ("\'iss\' claim is mandatory")',
            'sign the token with jwt-injector, which sets it',
          ),
  },
  'subject-missing': {
    by: ['pelicanfs', 'xrootd'],
    says: ({ token: { claims } }, verifier) =>
      typeof claims['sub'] === 'string' || (claims['sub'] === undefined && verifier === 'pelicanfs')
        ? undefined
        : refusal(
            'the claim sub is missing or not a string ("Failed to get token subject")',
            'set spec.data.sub',
          ),
  },
  'token-id': {
    by: ['pelicanfs', 'xrootd'],
    says: ({ token: { claims } }) =>
      ['string', 'undefined'].includes(typeof claims['jti'])
        ? undefined
        : refusal('the claim jti is not a string', 'sign the token with jwt-injector, which sets it'),
  },
  profile: {
    by: ['pelican-client', 'xrootd'],
    says: ({ token: { claims } }, verifier) =>
      verifier === 'xrootd' ? judgeProfileForXrootd(claims) : judgeProfileForClient(claims),
  },
  'profile-of-scitokens': {
    by: PELICAN_SERVERS,
    says: ({ token: { claims } }) =>
      profileOfVer(claims) !== undefined && !readScopes(claims['scope']).storage.length
        ? refusal(
            'Pelican knows only the scopes of WLCG',
            'use wlcg.ver "1.0" instead of ver, and storage.read:/ instead of read:/',
          )
        : undefined,
  },
  audience: {
    by: ['pelican-cache', 'pelican-origin', 'xrootd'],
    says: ({ token: { claims } }, verifier) =>
      claims['aud'] === undefined
        ? judgeMissingAudience(findProfile(claims), verifier)
        : judgeAudience(readAudiences(claims), findProfile(claims), verifier),
  },
  'claim-unknown': {
    by: ['xrootd'],
    says: ({ token: { claims } }) => judgeForeignClaim(claims, findProfile(claims)),
  },
  scope: {
    by: ALL_VERIFIERS,
    says: ({ token: { claims } }, verifier) => {
      const scopes = readScopes(claims['scope']);
      const { readScope } = (verifier === 'xrootd' ? profileOfVer(claims) : undefined) ?? WLCG;
      const remedy = `set spec.data.scope, e.g. "${readScope}"`;
      // pelicanfs and the client send a token that they find lacking, if they have no other.
      const isPicky = verifier !== 'pelican-client' && verifier !== 'pelicanfs';
      const finding = isPicky ? refusal : doubt;
      if (scopes.form === 'missing')
        return finding('the claim scope is missing ("\'scope\' claim is mandatory")', remedy);
      if (scopes.form === 'other') {
        const stricter = verifier === 'pelican-client' ? doubt : refusal;
        return stricter('scope is not a string ("\'scope\' claim verification failed")', remedy);
      }
      if (scopes.hasCommas) return finding('scopes are divided by commas', 'put spaces instead');
      if (scopes.hasOtherSpace) {
        const isLost = verifier === 'xrootd' && hasNoWholeScope(claims);
        return (isLost ? refusal : doubt)(FOREIGN_SPACE, 'put spaces instead, also at the end');
      }
      if (verifier === 'xrootd') return judgeScopesForXrootd(scopes, claims);
      const isUseful = scopes.storage.some((scope) => isKnownScope(scope) && hasPath(scope));
      return isUseful ? undefined : finding(NO_SCOPE, remedy);
    },
  },
  'scope-without-read': {
    by: PELICAN,
    says: ({ token: { claims } }) =>
      lacksRead(readScopes(claims['scope']))
        ? doubt('uploads and deletions fail without storage.read', 'add storage.read to spec.data.scope')
        : undefined,
  },
  'scope-path-odd': {
    by: ['xrootd'],
    says: ({ token: { claims } }) =>
      readScopes(claims['scope']).hasOddPath
        ? doubt(
            'a scope has a path with ".." or encoded twice, which scitokens-cpp since 1.4.1 refuses',
            'write the path without "..", encoded once',
          )
        : undefined,
  },
  size: {
    by: ['xrootd'],
    says: ({ bytes }) =>
      bytes > MAX_ZTN_BYTES
        ? doubt(`the token has ${bytes} bytes, and root:// (ztn) takes ${MAX_ZTN_BYTES}`, 'shorten spec.data')
        : undefined,
  },
};

const WLCG_REMEDY = 'set spec.data["wlcg.ver"] to the string "1.0"';
const SCOPE_REMEDY = `set spec.data.scope, e.g. "${WLCG.readScope}"`;

const FOREIGN_SPACE = 'scope has white space other than spaces (line breaks, tabs), which is part of a scope';

const NO_SCOPE = 'no scope allows anything of storage';

function judgeProfileForClient(claims: JsonObject): RuleFinding {
  if (member(claims, 'wlcg.ver') !== undefined || profileOfVer(claims)?.name === 'SciTokens 2.0')
    return undefined;
  return doubt(
    'there is no wlcg.ver ("does not appear to be acceptable"), but the client uses the token anyway',
    WLCG_REMEDY,
  );
}

/** It looks at `ver` first. */
function judgeProfileForXrootd(claims: JsonObject): RuleFinding {
  const [ver, wlcg] = [member(claims, 'ver'), member(claims, 'wlcg.ver')];
  if (profileOfVer(claims) !== undefined) return undefined;
  if (ver !== undefined)
    return refusal(
      'the claim ver comes before wlcg.ver ("Unknown profile version in token")',
      'remove spec.data.ver',
    );
  if (wlcg === undefined)
    return doubt('there is no wlcg.ver: its rules are those of SciTokens 1.0 then', WLCG_REMEDY);
  if (wlcg === WLCG_VERSION) return undefined;
  return refusal('wlcg.ver is not the string "1.0" ("Unknown WLCG profile version in token")', WLCG_REMEDY);
}

function judgeMissingAudience({ name, anyAudience }: Profile, verifier: VerifierName): RuleFinding {
  if (verifier !== 'xrootd' || anyAudience === undefined) return undefined;
  return refusal(
    `the claim aud is missing ("'aud' claim required for ${name} profile")`,
    `set spec.data.aud to ${anyAudience}`,
  );
}

function judgeAudience(
  { texts, named, hasOthers }: Audiences,
  { name, anyAudience }: Profile,
  verifier: VerifierName,
): RuleFinding {
  const remedy =
    anyAudience === undefined
      ? `remove spec.data.aud, or use wlcg.ver "1.0" with ${WLCG_ANY}`
      : `add ${anyAudience} to spec.data.aud`;
  if (verifier === 'xrootd' && hasOthers)
    return refusal('aud holds what is not a string', `${remedy}, and nothing but strings`);
  const any = verifier === 'xrootd' ? [anyAudience] : ANY;
  if (texts.some((item) => any.includes(item))) return undefined;
  if (named.length === 0 || verifier === 'pelican-cache')
    return refusal('aud names no one that it knows ("\'aud\' claim verification failed")', remedy);
  if (texts.every((item) => ANY.includes(item)))
    return refusal(
      `${texts.join()} does not mean any audience in profile ${name} ("'aud' claim verification failed")`,
      remedy,
    );
  const where =
    verifier === 'xrootd'
      ? 'it must be in "audience" of the server\'s configuration'
      : "one must be the origin's URL (Origin.TokenAudience)";
  return doubt(`aud names services only: ${where}`, remedy);
}

function judgeForeignClaim(claims: JsonObject, profile: Profile): RuleFinding {
  const name = findForeignClaim(claims, profile);
  return name === undefined
    ? undefined
    : refusal(
        `${profile.name} does not know the claim ${name} ("claim verification is mandatory")`,
        'remove it from spec.data, or use wlcg.ver "1.0"',
      );
}

/** It takes the words of SciTokens under all profiles, and those of WLCG under its own; a scope without a path is for all. */
function judgeScopesForXrootd({ storage, hasSciTokens }: Scopes, claims: JsonObject): RuleFinding {
  const profile = findProfile(claims);
  if (profile !== WLCG) {
    if (hasSciTokens) return undefined;
    const remedy = profileOfVer(claims) === undefined ? WLCG_REMEDY : 'use wlcg.ver "1.0" instead of ver';
    return refusal(
      `the scopes of ${profile.name} are read: and write:, with a path`,
      storage.length > 0 ? remedy : `${remedy}, and scopes such as ${WLCG.readScope}`,
    );
  }
  const useful = storage.filter((scope) => isKnownScope(scope) && (scope.path === '' || hasPath(scope)));
  if (useful.some(({ path }) => path !== '')) return undefined;
  if (useful.length > 0) return doubt('a scope without a path allows all of them here', SCOPE_REMEDY);
  return hasSciTokens
    ? doubt('read:/ and write:/ are words of SciTokens, which Pelican does not know', SCOPE_REMEDY)
    : refusal(NO_SCOPE, SCOPE_REMEDY);
}

/** Whether XRootD takes none of the scopes as it was meant: scitokens-cpp divides at spaces, and judges each by itself. */
function hasNoWholeScope(claims: JsonObject): boolean {
  const parts = typeof claims['scope'] === 'string' ? claims['scope'].split(' ') : [];
  const whole = readScopes(parts.filter((part) => !/\s/.test(part)).join(' '));
  return judgeScopesForXrootd(whole, claims)?.refuses === true;
}

/** Returns the findings of a verifier in the claims of a token. */
export function judgeClaimsFor(facts: VerdictFacts, verifier: VerifierName): readonly Reason[] {
  return Object.entries(RULES).flatMap(([rule, { by, says }]) => {
    const found = by.includes(verifier) ? says(facts, verifier) : undefined;
    if (found === undefined) return [];
    const { refuses, message, remedy } = found;
    return [{ rule, refuses, message, remedy }];
  });
}
