import { member, type JsonObject } from '../../resources/json.ts';
import { readScopes, type Scopes } from '../lint/scopes.ts';
import { MAX_ZTN_BYTES, SCITOKENS, SCITOKENS_2, SCITOKENS_ANY, WLCG_ANY, WLCG_VERSION } from '../profiles.ts';
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
      SCITOKENS.has(member(claims, 'ver')) && !readScopes(claims['scope']).storage.length
        ? refusal(
            'Pelican knows only the scopes of WLCG',
            'use wlcg.ver "1.0" and storage.read:/ instead of read:/',
          )
        : undefined,
  },
  audience: {
    by: ['pelican-cache', 'pelican-origin', 'xrootd'],
    says: ({ token: { claims } }, verifier) =>
      claims['aud'] === undefined
        ? judgeMissingAudience(claims, verifier)
        : judgeAudience([claims['aud']].flat(), anyAudience(claims, verifier), verifier),
  },
  scope: {
    by: ALL_VERIFIERS,
    says: ({ token: { claims } }, verifier) => {
      const scopes = readScopes(claims['scope']);
      // pelicanfs and the client send a token that they find lacking, if they have no other.
      const isPicky = verifier !== 'pelican-client' && verifier !== 'pelicanfs';
      const finding = isPicky ? refusal : doubt;
      if (scopes.form === 'missing')
        return finding('the claim scope is missing ("\'scope\' claim is mandatory")', SCOPE_REMEDY);
      if (scopes.form === 'other') {
        const stricter = verifier === 'pelican-client' ? doubt : refusal;
        return stricter('scope is not a string ("\'scope\' claim verification failed")', SCOPE_REMEDY);
      }
      if (scopes.hasCommas) return finding('scopes are divided by commas', 'put spaces instead');
      if (verifier === 'xrootd') return judgeScopesForXrootd(scopes, SCITOKENS.has(member(claims, 'ver')));
      const useful = scopes.storage.some(
        ({ name, path }) => name !== 'storage.write' && path.startsWith('/'),
      );
      return useful ? undefined : finding(NO_SCOPE, SCOPE_REMEDY);
    },
  },
  'scope-without-read': {
    by: PELICAN,
    says: ({ token: { claims } }) => {
      const names = new Set(readScopes(claims['scope']).storage.map(({ name }) => name));
      return (names.has('storage.create') || names.has('storage.modify')) && !names.has('storage.read')
        ? doubt('uploads and deletions fail without storage.read', 'add storage.read to spec.data.scope')
        : undefined;
    },
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
const AUDIENCE_REMEDY = `add ${WLCG_ANY} to spec.data.aud`;
const SCOPE_REMEDY = 'set spec.data.scope, e.g. "storage.read:/"';

const NO_SCOPE = 'no scope allows anything of storage';

function judgeProfileForClient(claims: JsonObject): RuleFinding {
  if (member(claims, 'wlcg.ver') !== undefined || SCITOKENS_2.has(member(claims, 'ver'))) return undefined;
  return doubt(
    'there is no wlcg.ver ("does not appear to be acceptable"), but the client uses the token anyway',
    WLCG_REMEDY,
  );
}

/** It looks at `ver` first. */
function judgeProfileForXrootd(claims: JsonObject): RuleFinding {
  const [ver, wlcg] = [member(claims, 'ver'), member(claims, 'wlcg.ver')];
  if (SCITOKENS.has(ver)) return undefined;
  if (ver !== undefined)
    return refusal(
      'the claim ver comes before wlcg.ver ("Unknown profile version in token")',
      'remove spec.data.ver',
    );
  if (wlcg === undefined)
    return refusal('there is no wlcg.ver: its rules are those of SciTokens 1.0 then', WLCG_REMEDY);
  if (wlcg === WLCG_VERSION) return undefined;
  return refusal('wlcg.ver is not the string "1.0" ("Unknown WLCG profile version in token")', WLCG_REMEDY);
}

function judgeMissingAudience(claims: JsonObject, verifier: VerifierName): RuleFinding {
  if (verifier !== 'xrootd' || member(claims, 'ver') === 'scitokens:1.0') return undefined;
  return refusal('the claim aud is missing ("\'aud\' claim required for WLCG profile")', AUDIENCE_REMEDY);
}

/** The values that mean any audience to it: to XRootD that of the token's profile, to Pelican both. */
function anyAudience(claims: JsonObject, verifier: VerifierName): readonly string[] {
  if (verifier !== 'xrootd') return ANY;
  return [SCITOKENS_2.has(member(claims, 'ver')) ? SCITOKENS_ANY : WLCG_ANY];
}

function judgeAudience(aud: readonly unknown[], any: readonly string[], verifier: VerifierName): RuleFinding {
  const audiences = aud.filter((item) => typeof item === 'string');
  if (verifier === 'xrootd' && audiences.length < aud.length)
    return refusal('aud holds what is not a string', AUDIENCE_REMEDY);
  if (audiences.some((item) => any.includes(item))) return undefined;
  if (audiences.length === 0 || verifier === 'pelican-cache')
    return refusal('aud names no one that it knows ("\'aud\' claim verification failed")', AUDIENCE_REMEDY);
  if (audiences.every((item) => ANY.includes(item)))
    return refusal(
      `for this profile ${any.join()} means any audience, not ${audiences.join()}`,
      AUDIENCE_REMEDY,
    );
  const where =
    verifier === 'xrootd'
      ? 'it must be in "audience" of the server\'s configuration'
      : "one must be the origin's URL (Origin.TokenAudience)";
  return doubt(`aud names services only: ${where}`, AUDIENCE_REMEDY);
}

/** It takes the words of SciTokens under both profiles, and those of WLCG under its own; a scope without a path is for all. */
function judgeScopesForXrootd({ storage, hasSciTokens }: Scopes, isSciTokens: boolean): RuleFinding {
  if (isSciTokens)
    return hasSciTokens
      ? undefined
      : refusal(
          'with this ver the scopes are those of SciTokens',
          'use read:/ and write:/, or wlcg.ver "1.0"',
        );
  const useful = storage.filter(
    ({ name, path }) => name !== 'storage.write' && (path === '' || path.startsWith('/')),
  );
  if (useful.some(({ path }) => path !== '')) return undefined;
  if (useful.length > 0) return doubt('a scope without a path allows all of them here', SCOPE_REMEDY);
  return hasSciTokens
    ? doubt('read:/ and write:/ are words of SciTokens, which Pelican does not know', SCOPE_REMEDY)
    : refusal(NO_SCOPE, SCOPE_REMEDY);
}

/** What a verifier finds in the claims of a token. */
export function judgeClaimsFor(facts: VerdictFacts, verifier: VerifierName): readonly Reason[] {
  return Object.entries(RULES).flatMap(([rule, { by, says }]) => {
    const found = by.includes(verifier) ? says(facts, verifier) : undefined;
    if (found === undefined) return [];
    const { refuses, message, remedy } = found;
    return [{ rule, refuses, message, remedy }];
  });
}
