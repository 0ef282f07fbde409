import type { JWK } from 'jose';
import type { IssuerDocument } from '../../signing/issuer/issuer-documents.ts';
import type { KeyRole, PublishedKey } from '../../signing/issuer/key-set.ts';
import { jwksUrl, type IssuerUrls } from '../../signing/issuer/urls.ts';
import { formatTime, formatUtc, parseTime } from '../../time/format-time.ts';
import { formatTable } from '../output/table.ts';
import type { Paint } from '../output/report-output.ts';

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

const ROLE_WORDS: Readonly<Record<KeyRole, string>> = {
  signs: 'signs for',
  added: 'added, from',
  retired: 'no longer signs for',
  kept: 'was published before, in',
};

/** The report for people. */
export function describePublication(report: Publication, paint: Paint): readonly string[] {
  const { issuer, keys, documents, requests, files } = report;
  return [
    `${paint('bold', `Issuer ${issuer}`)}: ${keys.length === 1 ? '1 key' : `${keys.length} keys`}`,
    ...formatTable(keys.map((key) => [`  ${key.kid}`, key.algorithm, describeRole(key)])),
    ...keys.flatMap(({ kid, thumbprint }) =>
      kid === thumbprint ? [] : [`  thumbprint of ${kid}: ${thumbprint}`],
    ),
    '',
    ...(files.length > 0 ? describeFiles(issuer, files, paint) : describeDocuments(issuer, documents, paint)),
    '',
    paint('bold', 'What the verifiers ask for'),
    ...requests.flatMap(({ verifier, urls }) => describeRequests(verifier, urls)),
  ];
}

function describeRole({ role, sources, until }: Publication['keys'][number]): string {
  const words = `${ROLE_WORDS[role]} ${sources.join(', ')}`;
  const expiresAt = parseTime(until);
  if (expiresAt === undefined) return words;
  return `${words}; its last token expires ${formatUtc(expiresAt)}, keep it 15 minutes longer`;
}

function describeFiles(issuer: string, files: readonly string[], paint: Paint): readonly string[] {
  return [paint('bold', `Written, to be served below ${issuer}`), ...files.map((file) => `  ${file}`)];
}

function describeDocuments(
  issuer: string,
  documents: Publication['documents'],
  paint: Paint,
): readonly string[] {
  const base = issuer.endsWith('/') ? issuer : `${issuer}/`;
  const lines: string[] = [];
  for (const [path, content] of Object.entries(documents)) {
    if (lines.length > 0) lines.push('');
    lines.push(paint('bold', `${base}${path}`));
    for (const line of JSON.stringify(content, undefined, 2).split('\n')) lines.push(`  ${line}`);
  }
  return lines;
}

function describeRequests(verifier: string, urls: readonly string[]): readonly string[] {
  const [first = '', ...rest] = urls;
  const last = rest.at(-1) ?? '';
  const fallback = rest.length > 1 ? [`    if that is not answered with 200: ${rest[0]}`] : [];
  return [`  ${verifier}`, `    ${first}`, ...fallback, `    then, as jwks_uri says: ${last}`];
}
