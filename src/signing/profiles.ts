import { member, type JsonObject } from '../resources/json.ts';

/** WLCG Common JWT Profiles: the audience that means any relying party. */
export const WLCG_ANY = 'https://wlcg.cern.ch/jwt/v1/any';
/** The value of `wlcg.ver`. scitokens-cpp knows no newer minor version, though WLCG 1.1 asks for it. */
export const WLCG_VERSION = '1.0';
/** SciTokens 2.0's word for any audience. */
export const SCITOKENS_ANY = 'ANY';
/** Bytes: XRootD's ztn refuses a longer token, on the client's side and on the server's. */
export const MAX_ZTN_BYTES = 4_096;

/** The rules by which scitokens-cpp, and so XRootD, judges a token. */
export interface Profile {
  /** The name in messages. */
  readonly name: 'WLCG' | 'SciTokens 1.0' | 'SciTokens 2.0';
  /**
   * The audience that means any, where a token must have one. `undefined`: a token needs no audience, and one that it has
   * must be in the configuration of the server.
   */
  readonly anyAudience: string | undefined;
  /** A scope to read everything. */
  readonly readScope: string;
  /** The claims that a token may have; `undefined`: any. */
  readonly knownClaims: ReadonlySet<string> | undefined;
}

/** WLCG Common JWT Profiles 1.0. */
export const WLCG: Profile = {
  name: 'WLCG',
  anyAudience: WLCG_ANY,
  readScope: 'storage.read:/',
  knownClaims: undefined,
};

const SCITOKENS_2: Profile = {
  name: 'SciTokens 2.0',
  anyAudience: SCITOKENS_ANY,
  readScope: 'read:/',
  knownClaims: undefined,
};

const SCITOKENS_1: Profile = {
  name: 'SciTokens 1.0',
  anyAudience: undefined,
  readScope: 'read:/',
  knownClaims: new Set(['iss', 'aud', 'sub', 'scope', 'jti', 'opt', 'ver', 'exp', 'iat', 'nbf']),
};

const PROFILES_BY_VER: ReadonlyMap<unknown, Profile> = new Map([
  ['scitoken:2.0', SCITOKENS_2],
  ['scitokens:2.0', SCITOKENS_2],
  ['scitokens:1.0', SCITOKENS_1],
]);

/** The profile of SciTokens that the claim `ver` names; `undefined` when it names none. */
export function profileOfVer(claims: JsonObject): Profile | undefined {
  return PROFILES_BY_VER.get(member(claims, 'ver'));
}

/**
 * The profile by which scitokens-cpp judges these claims: it looks at `ver` first, and takes SciTokens 1.0 without any version.
 * A version that it does not know it refuses, whatever the other claims are: these are judged by WLCG's rules.
 */
export function findProfile(claims: JsonObject): Profile {
  const isUnnamed = member(claims, 'ver') === undefined && member(claims, 'wlcg.ver') === undefined;
  return profileOfVer(claims) ?? (isUnnamed ? SCITOKENS_1 : WLCG);
}

/** The content of a claim `aud`, one value or a list. */
export interface Audiences {
  /** The texts in it. */
  readonly texts: readonly string[];
  /** The texts without empty ones: no server can be configured to be the empty text. */
  readonly named: readonly string[];
  /** There is something besides texts, which scitokens-cpp takes in no list. */
  readonly hasOthers: boolean;
}

/** Reads the claim `aud`; a claim that is missing has no texts, and something else. */
export function readAudiences(claims: JsonObject): Audiences {
  const items = [member(claims, 'aud')].flat();
  const texts = items.filter((item) => typeof item === 'string');
  const named = texts.filter((text) => text !== '');
  return { texts, named, hasOthers: texts.length < items.length };
}

/** The first claim that the profile does not allow; `undefined` when it allows all. */
export function findForeignClaim(claims: JsonObject, { knownClaims }: Profile): string | undefined {
  return Object.keys(claims).find((name) => knownClaims?.has(name) === false);
}
