import { member } from '../../resources/json.ts';
import { readScopes } from '../lint/scopes.ts';
import type { Reason, VerdictFacts, VerifierName } from './facts.ts';

/** WLCG Common JWT Profiles: the audience that means any relying party. */
const WLCG_ANY = 'https://wlcg.cern.ch/jwt/v1/any';
/** What scitokens-cpp and Pelican take for any audience. */
const ANY: ReadonlySet<unknown> = new Set([WLCG_ANY, 'ANY']);
const SCITOKENS_2: ReadonlySet<unknown> = new Set(['scitoken:2.0', 'scitokens:2.0']);
const SCITOKENS: ReadonlySet<unknown> = new Set([...SCITOKENS_2, 'scitokens:1.0']);
/** XRootD's ztn, on both sides. */
const MAX_ZTN_BYTES = 4_096;
/** Seconds that Pelican's servers allow; scitokens-cpp, the client and pelicanfs allow none. */
const PELICAN_LEEWAY = 60;
/** Seconds before `exp` from which Pelican's director refuses a token. */
const DIRECTOR_MARGIN = 10;

/** What a rule says of a token, without the words that make it a `Reason`. */
type Finding = readonly [message: string, remedy: string, refuses?: boolean] | undefined;

interface ClaimRule {
  /** Who looks. */
  readonly by: readonly VerifierName[];
  readonly says: (facts: VerdictFacts, verifier: VerifierName) => Finding;
}

const SERVERS = ['pelican-cache', 'pelican-origin'] as const;
const PELICAN = ['pelican-client', ...SERVERS] as const;
const ALL = ['pelican-client', 'pelicanfs', ...SERVERS, 'xrootd'] as const;
const WARNS = false;

/** What verifiers find in the claims; the messages in quotes are their own, to be searched for. */
const RULES: Readonly<Record<string, ClaimRule>> = {
  'issuer-missing': {
    by: ALL,
    says: ({ token: { claims } }) =>
      typeof claims['iss'] === 'string'
        ? undefined
        : [
            'the claim iss is missing ("\'iss\' claim is mandatory")',
            'sign the token with jwt-injector, which sets it',
          ],
  },
  'expiry-missing': {
    by: ALL,
    says: ({ token: { claims } }) =>
      isNumber(claims['exp']) ? undefined : ['the claim exp is missing or not a number', 'sign a new token'],
  },
  expired: {
    by: ALL,
    says: ({ token: { claims }, now }, verifier) => {
      const exp = claims['exp'];
      if (!isNumber(exp)) return undefined;
      if (exp + leewayOf(verifier) < now)
        return ['the token has expired', 'sign a new one: jwt-injector renew NAME'];
      return verifier === 'pelican-client' && exp - DIRECTOR_MARGIN < now
        ? ['the director refuses a token from 10 s before its expiry on', 'wait for the next one']
        : undefined;
    },
  },
  'issued-at': {
    by: ['pelicanfs', ...SERVERS, 'xrootd'],
    says: ({ token: { claims }, now }, verifier) => {
      const iat = claims['iat'];
      if (iat === undefined && verifier === 'xrootd')
        return ['the claim iat is missing', 'sign the token with jwt-injector, which sets it'];
      return isNumber(iat) && iat > now + leewayOf(verifier)
        ? [
            'iat is in the future ("token expired")',
            'set the clocks right: the signer is ahead of this machine',
          ]
        : undefined;
    },
  },
  'not-before': {
    by: ALL,
    says: ({ token: { claims }, now }, verifier) => {
      const nbf = claims['nbf'];
      if (nbf === undefined && verifier === 'xrootd')
        return ['nbf is missing, and scitokens-cpp before 1.0 refuses that', 'sign with jwt-injector', WARNS];
      return isNumber(nbf) && nbf > now + leewayOf(verifier)
        ? ['nbf is in the future: the token is not valid yet', 'set the clocks right, or wait']
        : undefined;
    },
  },
  'time-not-whole': {
    by: ['xrootd'],
    says: ({ token: { claims } }) =>
      ['exp', 'iat', 'nbf'].some((name) => isNumber(claims[name]) && !Number.isInteger(claims[name]))
        ? [
            'a time is not a whole number, and scitokens-cpp before 1.2 refuses that',
            'write whole seconds',
            WARNS,
          ]
        : undefined,
  },
  'subject-missing': {
    by: ['xrootd'],
    says: ({ token: { claims } }) =>
      typeof claims['sub'] === 'string'
        ? undefined
        : ['the claim sub is missing or not a string ("Failed to get token subject")', 'set spec.data.sub'],
  },
  'token-id': {
    by: ['xrootd'],
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
              'there is no wlcg.ver ("does not appear to be acceptable"), and it is used all the same',
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
      return wlcg === '1.0'
        ? undefined
        : ['wlcg.ver is not the string "1.0" ("Unknown WLCG profile version in token")', WLCG_REMEDY];
    },
  },
  'profile-of-scitokens': {
    by: SERVERS,
    says: ({ token: { claims } }) =>
      SCITOKENS.has(member(claims, 'ver')) && !readScopes(claims['scope']).storage.length
        ? [
            'Pelican knows the scopes of WLCG alone',
            'use wlcg.ver "1.0" and storage.read:/ instead of read:/',
          ]
        : undefined,
  },
  audience: {
    by: ['pelican-cache', 'pelican-origin', 'xrootd'],
    says: ({ token: { claims } }, verifier) => {
      const audiences = [claims['aud']].flat().filter((item) => typeof item === 'string');
      if (claims['aud'] === undefined) {
        return verifier === 'xrootd'
          ? ['the claim aud is missing ("\'aud\' claim required for WLCG profile")', AUDIENCE_REMEDY]
          : undefined;
      }
      if (audiences.some((item) => ANY.has(item))) return undefined;
      if (audiences.length === 0 || verifier === 'pelican-cache')
        return ['aud names no one that it knows ("\'aud\' claim verification failed")', AUDIENCE_REMEDY];
      return verifier === 'xrootd'
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
    by: ALL,
    says: ({ token: { claims } }, verifier) => {
      const scopes = readScopes(claims['scope']);
      const isClient = verifier === 'pelican-client';
      if (scopes.form === 'missing')
        return ['the claim scope is missing ("\'scope\' claim is mandatory")', SCOPE_REMEDY, !isClient];
      if (scopes.form === 'other')
        return ['scope is not a string ("\'scope\' claim verification failed")', SCOPE_REMEDY, !isClient];
      if (scopes.hasCommas) return ['scopes are divided by commas', 'put spaces instead', !isClient];
      const isWlcg = verifier !== 'xrootd' || !SCITOKENS.has(member(claims, 'ver'));
      const useful = scopes.storage.filter(
        ({ name, path }) => name !== 'storage.write' && path.startsWith('/'),
      );
      return isWlcg && useful.length === 0
        ? ['no scope allows anything of storage', SCOPE_REMEDY, !isClient]
        : undefined;
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

/** What a verifier finds in the claims of a token. */
export function judgeClaimsFor(facts: VerdictFacts, verifier: VerifierName): readonly Reason[] {
  return Object.entries(RULES).flatMap(([rule, { by, says }]) => {
    const found = by.includes(verifier) ? says(facts, verifier) : undefined;
    if (found === undefined) return [];
    const [message, remedy, refuses = true] = found;
    return [{ rule, message, remedy, refuses }];
  });
}

function leewayOf(verifier: VerifierName): number {
  return verifier === 'pelican-cache' || verifier === 'pelican-origin' ? PELICAN_LEEWAY : 0;
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}
