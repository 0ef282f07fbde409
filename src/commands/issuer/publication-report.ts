import type { JWK } from 'jose';
import type { IssuerDocument } from '../../signing/issuer/issuer-documents.ts';
import type { KeyRole, PublishedKey } from '../../signing/issuer/key-set.ts';
import { jwksUrl, type IssuerUrls } from '../../signing/issuer/urls.ts';
import { formatTime } from '../../time/format-time.ts';

/** The published documents, as `-o json` prints them. */
export interface Publication {
  readonly issuer: string;
  readonly keys: readonly {
    readonly kid: string;
    readonly algorithm: string;
    readonly thumbprint: string;
    readonly role: KeyRole;
    /** RFC 3339: of a retired key, when its last token expires. */
    readonly until: string | undefined;
    readonly sources: readonly string[];
    readonly jwk: JWK;
  }[];
  /** The documents by their path below the issuer's URL. */
  readonly documents: Readonly<Record<string, unknown>>;
  /** The URLs that each verifier asks for, in its order. */
  readonly requests: readonly { readonly verifier: string; readonly urls: readonly string[] }[];
  /** The files that were written. */
  readonly files: readonly string[];
}

interface PublicationFacts {
  readonly issuer: string;
  readonly urls: IssuerUrls;
  readonly keys: readonly PublishedKey[];
  readonly documents: readonly IssuerDocument[];
  readonly dir: string | undefined;
  readonly files: readonly string[];
}

/** The report on documents that were made. */
export function reportPublication({ issuer, urls, keys, documents, files }: PublicationFacts): Publication {
  return {
    issuer,
    keys: keys.map(({ jwk, thumbprint, role, until, sources }) => ({
      kid: jwk.kid,
      algorithm: jwk.alg,
      thumbprint,
      role,
      until: until === undefined ? undefined : formatTime(until),
      sources,
      jwk,
    })),
    documents: Object.fromEntries(documents.map(({ path, text }) => [path, JSON.parse(text)])),
    requests: requestsOf(issuer, urls),
    files,
  };
}

/** The URLs that each verifier asks for; `else` is in the words of the list. */
function requestsOf(issuer: string, urls: IssuerUrls): Publication['requests'] {
  const keys = jwksUrl(issuer);
  return [
    { verifier: 'XRootD (scitokens-cpp)', urls: [urls.xrootd, urls.xrootdFallback, keys] },
    { verifier: 'Pelican origin and cache', urls: [urls.openid, keys] },
    { verifier: 'pelicanfs (in the pod)', urls: [urls.openid, keys] },
  ];
}
