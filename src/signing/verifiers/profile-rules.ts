import { member, type JsonObject } from '../../resources/json.ts';
import { readScopes } from '../lint/scopes.ts';
import {
  findForeignClaim,
  findProfile,
  profileOfVer,
  readAudiences,
  SCITOKENS_ANY,
  WLCG_ANY,
  WLCG_VERSION,
  type Audiences,
  type Profile,
} from '../profiles.ts';
import { doubt, PELICAN_SERVERS, refusal, type ClaimRule, type RuleFinding } from './claim-rule.ts';
import type { VerifierName } from './facts.ts';

/** The remedy where a token does not say that it is of WLCG. */
export const WLCG_REMEDY = 'set spec.data["wlcg.ver"] to the string "1.0"';

/** The rules of verifiers for the profile that a token says it has, and for what depends on it: audience and other claims. */
export const PROFILE_RULES: Readonly<Record<string, ClaimRule>> = {
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
};

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

/** The values that scitokens-cpp, by the profile of the token, and Pelican take for any audience. */
const ANY = [WLCG_ANY, SCITOKENS_ANY];

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
