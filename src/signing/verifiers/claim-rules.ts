import { member } from '../../resources/json.ts';
import { readScopes, type Scopes } from '../lint/scopes.ts';
import { MAX_ZTN_BYTES, SCITOKENS, SCITOKENS_2, SCITOKENS_ANY, WLCG_ANY, WLCG_VERSION } from '../profiles.ts';
import { ALL_VERIFIERS, PELICAN_SERVERS, WARNS, type ClaimRule, type RuleFinding } from './claim-rule.ts';
import type { Reason, VerdictFacts, VerifierName } from './facts.ts';
import { TIME_RULES } from './time-rules.ts';

/** What scitokens-cpp and Pelican take for any audience. */
const ANY = [WLCG_ANY, SCITOKENS_ANY];
const PELICAN = ['pelican-client', ...PELICAN_SERVERS] as const;

/** What verifiers find in the claims; the messages in quotes are their own, to be searched for. */
const RULES: Readonly<Record<string, ClaimRule>> = {
  ...TIME_RULES,
  'issuer-missing': {
    by: ALL_VERIFIERS,
    says: ({ token: { claims } }) =>
      typeof claims['iss'] === 'string'
        ? undefined
        : [
            'the claim iss is missing ("\'iss\' claim is mandatory")',
            'sign the token with jwt-injector, which sets it',
          ],
  },
  'subject-missing': {
    by: ['pelicanfs', 'xrootd'],
    says: ({ token: { claims } }, verifier) =>
      typeof claims['sub'] === 'string' || (claims['sub'] === undefined && verifier === 'pelicanfs')
        ? undefined
        : ['the claim sub is missing or not a string ("Failed to get token subject")', 'set spec.data.sub'],
  },
  'token-id': {
    by: ['pelicanfs', 'xrootd'],
    says: ({ token: { claims } }) =>
      ['string', 'undefined'].includes(typeof claims['jti'])
        ? undefined
        : ['the claim jti is not a string', 'sign the token with jwt-injector, which sets it'],
  },
  profile: {
    by: ['pelican-client', 'xrootd'],
    says: ({ token: { claims } }, verifier) => {
      const [ver, wlcg] = [member(claims, 'ver'), member(claims, 'wlcg.ver')];
      if (verifier === 'pelican-client') {
        return wlcg === undefined && !SCITOKENS_2.has(ver)
          ? [
              'there is no wlcg.ver ("does not appear to be acceptable"), but the client uses the token anyway',
              WLCG_REMEDY,
              WARNS,
            ]
          : undefined;
      }
      if (ver !== undefined) {
        return SCITOKENS.has(ver)
          ? undefined
          : [
              'the claim ver comes before wlcg.ver ("Unknown profile version in token")',
              'remove spec.data.ver',
            ];
      }
      if (wlcg === undefined)
        return ['there is no wlcg.ver: its rules are those of SciTokens 1.0 then', WLCG_REMEDY];
      return wlcg === WLCG_VERSION
        ? undefined
        : ['wlcg.ver is not the string "1.0" ("Unknown WLCG profile version in token")', WLCG_REMEDY];
    },
  },
  'profile-of-scitokens': {
    by: PELICAN_SERVERS,
    says: ({ token: { claims } }) =>
      SCITOKENS.has(member(claims, 'ver')) && !readScopes(claims['scope']).storage.length
        ? ['Pelican knows only the scopes of WLCG', 'use wlcg.ver "1.0" and storage.read:/ instead of read:/']
        : undefined,
  },
  audience: {
    by: ['pelican-cache', 'pelican-origin', 'xrootd'],
    says: ({ token: { claims } }, verifier) => {
      const { aud } = claims;
      const isXrootd = verifier === 'xrootd';
      if (aud === undefined) {
        return isXrootd && member(claims, 'ver') !== 'scitokens:1.0'
          ? ['the claim aud is missing ("\'aud\' claim required for WLCG profile")', AUDIENCE_REMEDY]
          : undefined;
      }
      const audiences = [aud].flat().filter((item) => typeof item === 'string');
      if (isXrootd && audiences.length < [aud].flat().length)
        return ['aud holds what is not a string', AUDIENCE_REMEDY];
      const any = !isXrootd ? ANY : SCITOKENS_2.has(member(claims, 'ver')) ? [SCITOKENS_ANY] : [WLCG_ANY];
      if (audiences.some((item) => any.includes(item))) return undefined;
      if (audiences.length === 0 || verifier === 'pelican-cache')
        return ['aud names no one that it knows ("\'aud\' claim verification failed")', AUDIENCE_REMEDY];
      if (audiences.every((item) => ANY.includes(item)))
        return [
          `for this profile ${any.join()} means any audience, not ${audiences.join()}`,
          AUDIENCE_REMEDY,
        ];
      return isXrootd
        ? [
            'aud names services only: it must be in "audience" of the server\'s configuration',
            AUDIENCE_REMEDY,
            WARNS,
          ]
        : [
            "aud names services only: one must be the origin's URL (Origin.TokenAudience)",
            AUDIENCE_REMEDY,
            WARNS,
          ];
    },
  },
  scope: {
    by: ALL_VERIFIERS,
    says: ({ token: { claims } }, verifier) => {
      const scopes = readScopes(claims['scope']);
      // pelicanfs and the client send a token that they find lacking, if they have no other.
      const isPicky = verifier !== 'pelican-client' && verifier !== 'pelicanfs';
      if (scopes.form === 'missing')
        return ['the claim scope is missing ("\'scope\' claim is mandatory")', SCOPE_REMEDY, isPicky];
      if (scopes.form === 'other') {
        const refuses = verifier !== 'pelican-client';
        return ['scope is not a string ("\'scope\' claim verification failed")', SCOPE_REMEDY, refuses];
      }
      if (scopes.hasCommas) return ['scopes are divided by commas', 'put spaces instead', isPicky];
      if (verifier === 'xrootd') return judgeScopesForXrootd(scopes, SCITOKENS.has(member(claims, 'ver')));
      const useful = scopes.storage.some(
        ({ name, path }) => name !== 'storage.write' && path.startsWith('/'),
      );
      return useful ? undefined : [NO_SCOPE, SCOPE_REMEDY, isPicky];
    },
  },
  'scope-without-read': {
    by: PELICAN,
    says: ({ token: { claims } }) => {
      const names = new Set(readScopes(claims['scope']).storage.map(({ name }) => name));
      return (names.has('storage.create') || names.has('storage.modify')) && !names.has('storage.read')
        ? ['uploads and deletions fail without storage.read', 'add storage.read to spec.data.scope', WARNS]
        : undefined;
    },
  },
  size: {
    by: ['xrootd'],
    says: ({ bytes }) =>
      bytes > MAX_ZTN_BYTES
        ? [
            `the token has ${bytes} bytes, and root:// (ztn) takes ${MAX_ZTN_BYTES}`,
            'shorten spec.data',
            WARNS,
          ]
        : undefined,
  },
};

const WLCG_REMEDY = 'set spec.data["wlcg.ver"] to the string "1.0"';
const AUDIENCE_REMEDY = `add ${WLCG_ANY} to spec.data.aud`;
const SCOPE_REMEDY = 'set spec.data.scope, e.g. "storage.read:/"';

const NO_SCOPE = 'no scope allows anything of storage';

/** It takes the words of SciTokens under both profiles, and those of WLCG under its own; a scope without a path is for all. */
function judgeScopesForXrootd({ storage, hasSciTokens }: Scopes, isSciTokens: boolean): RuleFinding {
  if (isSciTokens)
    return hasSciTokens
      ? undefined
      : ['with this ver the scopes are those of SciTokens', 'use read:/ and write:/, or wlcg.ver "1.0"'];
  const useful = storage.filter(
    ({ name, path }) => name !== 'storage.write' && (path === '' || path.startsWith('/')),
  );
  if (useful.some(({ path }) => path !== '')) return undefined;
  if (useful.length > 0) return ['a scope without a path allows all of them here', SCOPE_REMEDY, WARNS];
  return hasSciTokens
    ? ['read:/ and write:/ are words of SciTokens, which Pelican does not know', SCOPE_REMEDY, WARNS]
    : [NO_SCOPE, SCOPE_REMEDY];
}

/** What a verifier finds in the claims of a token. */
export function judgeClaimsFor(facts: VerdictFacts, verifier: VerifierName): readonly Reason[] {
  return Object.entries(RULES).flatMap(([rule, { by, says }]) => {
    const found = by.includes(verifier) ? says(facts, verifier) : undefined;
    if (found === undefined) return [];
    const [message, remedy, refuses = true] = found;
    return [{ rule, message, remedy, refuses }];
  });
}
