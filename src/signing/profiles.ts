/** WLCG Common JWT Profiles: the audience that means any relying party. */
export const WLCG_ANY = 'https://wlcg.cern.ch/jwt/v1/any';
/** The value of `wlcg.ver`. scitokens-cpp knows no newer minor version, though WLCG 1.1 asks for it. */
export const WLCG_VERSION = '1.0';
/** SciTokens 2.0's word for any audience. */
export const SCITOKENS_ANY = 'ANY';
/** The values of `ver` for which scitokens-cpp takes the rules of SciTokens 2.0. */
export const SCITOKENS_2: ReadonlySet<unknown> = new Set(['scitoken:2.0', 'scitokens:2.0']);
/** All values of `ver` that scitokens-cpp knows. */
export const SCITOKENS: ReadonlySet<unknown> = new Set([...SCITOKENS_2, 'scitokens:1.0']);
/** Bytes: XRootD's ztn refuses a longer token, on the client's side and on the server's. */
export const MAX_ZTN_BYTES = 4_096;
