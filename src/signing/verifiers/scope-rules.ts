import type { JsonObject } from '../../resources/json.ts';
import { hasPath, isKnownScope, lacksRead, readScopes, type Scopes } from '../lint/scopes.ts';
import { findProfile, profileOfVer, WLCG } from '../profiles.ts';
import {
  ALL_VERIFIERS,
  doubt,
  PELICAN_SERVERS,
  refusal,
  type ClaimRule,
  type RuleFinding,
} from './claim-rule.ts';
import type { VerifierName } from './facts.ts';
import { WLCG_REMEDY } from './profile-rules.ts';

/** The rules of verifiers for the claim `scope`. */
export const SCOPE_RULES: Readonly<Record<string, ClaimRule>> = {
  scope: {
    by: ALL_VERIFIERS,
    says: ({ token: { claims } }, verifier) => judgeScope(claims, verifier),
  },
  'scope-without-read': {
    by: ['pelican-client', ...PELICAN_SERVERS],
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
};

const FOREIGN_SPACE = 'scope has white space other than spaces (line breaks, tabs), which is part of a scope';

const NO_SCOPE = 'no scope allows anything of storage';

/** The first thing that is wrong with the text of the claim, or else what its scopes allow. */
function judgeScope(claims: JsonObject, verifier: VerifierName): RuleFinding {
  const scopes = readScopes(claims['scope']);
  const { readScope } = (verifier === 'xrootd' ? profileOfVer(claims) : undefined) ?? WLCG;
  const remedy = `set spec.data.scope, e.g. "${readScope}"`;
  // pelicanfs and the client send a token that they find lacking, if they have no other.
  const finding = verifier === 'pelican-client' || verifier === 'pelicanfs' ? doubt : refusal;
  if (scopes.form === 'missing')
    return finding('the claim scope is missing ("\'scope\' claim is mandatory")', remedy);
  if (scopes.form === 'other') {
    const ofForm = verifier === 'pelican-client' ? doubt : refusal;
    return ofForm('scope is not a string ("\'scope\' claim verification failed")', remedy);
  }
  if (scopes.hasCommas) return finding('scopes are divided by commas', 'put spaces instead');
  if (scopes.hasOtherSpace) {
    const isLost = verifier === 'xrootd' && hasNoWholeScope(claims);
    return (isLost ? refusal : doubt)(FOREIGN_SPACE, 'put spaces instead, also at the end');
  }
  if (verifier === 'xrootd') return judgeScopesForXrootd(scopes, claims);
  const isUseful = scopes.storage.some((scope) => isKnownScope(scope) && hasPath(scope));
  return isUseful ? undefined : finding(NO_SCOPE, remedy);
}

const SCOPE_REMEDY = `set spec.data.scope, e.g. "${WLCG.readScope}"`;

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
