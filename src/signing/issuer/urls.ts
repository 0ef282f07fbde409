import { fail, ok, type Result } from '../../resources/result.ts';

/** The URLs at which verifiers look for the metadata of an issuer. */
export interface IssuerUrls {
  /** scitokens-cpp, and so XRootD: the issuer as it is, with the path appended. With a slash at its end there are two. */
  readonly xrootd: string;
  /** The URL that scitokens-cpp asks when the first is not answered with 200 (RFC 8414 §3.1). */
  readonly xrootdFallback: string;
  /** Pelican and pelicanfs, as OpenID Connect Discovery says: a slash at the end is dropped first. */
  readonly openid: string;
}

/** The names of what an issuer publishes, below its URL. */
export const OPENID_PATH = '.well-known/openid-configuration';
/** The place of OAuth 2.0 for the content of {@link OPENID_PATH} (RFC 8414). */
export const OAUTH_PATH = '.well-known/oauth-authorization-server';
/** The JWK Set (RFC 7517 §5), by the name that Pelican gives it. */
export const JWKS_PATH = '.well-known/issuer.jwks';

/** The URLs for an issuer, byte for byte as the verifiers make them. The problem is one sentence. */
export function findIssuerUrls(issuer: string): Result<IssuerUrls, string> {
  if (!/^https:\/\//i.test(issuer))
    return fail('the issuer must begin with https://: every verifier refuses another');
  if (/\s/.test(issuer)) return fail('the issuer has white space: remove it');
  if (!URL.canParse(issuer)) return fail('the issuer is not a URL');
  if (/[?#]/.test(issuer)) return fail('the issuer has a query or a fragment: verifiers append a path to it');
  const [, host = '', path = ''] = /^https:\/\/([^/]+)(.*)$/i.exec(issuer) ?? [];
  return ok({
    xrootd: `${issuer}/${OPENID_PATH}`,
    xrootdFallback: `https://${host.toLowerCase()}/${OAUTH_PATH}${path === '/' ? '' : path}`,
    openid: `${withoutSlash(issuer)}/${OPENID_PATH}`,
  });
}

/** Whether an issuer has a user name or password in front of its host (RFC 3986 §3.2.1): each token and document shows it. */
export function hasCredentials(issuer: string): boolean {
  const { username = '', password = '' } = URL.parse(issuer) ?? {};
  return username !== '' || password !== '';
}

/** The URL of the JWK Set of an issuer: `jwks_uri` of its metadata. */
export function jwksUrl(issuer: string): string {
  return `${withoutSlash(issuer)}/${JWKS_PATH}`;
}

function withoutSlash(issuer: string): string {
  return issuer.endsWith('/') ? issuer.slice(0, -1) : issuer;
}
