import { arrayMember, member, stringMember } from '../../resources/json.ts';
import { fail, ok, type Result } from '../../resources/result.ts';
import type { IssuerUrls } from '../../signing/issuer/urls.ts';
import type { LookUp, LookUpWay } from '../../signing/verifiers/facts.ts';
import { fetchDocument, type FetchOptions, type FetchProblem, type Fetched } from './fetch-document.ts';

/** A document that was asked for. */
export interface Asked {
  readonly url: string;
  /** Its HTTP status; 0 when there was no answer. */
  readonly status: number;
  readonly redirects: readonly string[];
  /** The problem of the answer, if it could not be used. */
  readonly problem: string | undefined;
}

/** The results of the look-ups of all ways, and the documents that were asked for, each once. */
export interface LookUps {
  readonly ways: Readonly<Record<LookUpWay, LookUp>>;
  readonly asked: readonly Asked[];
  /** `issuer` of the metadata where it is not the issuer, byte for byte. */
  readonly otherIssuer: string | undefined;
}

/** Finds the keys of an issuer in each way that a verifier has: its metadata, then what `jwks_uri` says. */
export async function lookUpKeys(issuer: string, urls: IssuerUrls, options: FetchOptions): Promise<LookUps> {
  const asked = new Map<string, Promise<Result<Fetched, FetchProblem>>>();
  const results: Asked[] = [];
  const get = (url: string): Promise<Result<Fetched, FetchProblem>> => {
    const known = asked.get(url) ?? fetchDocument(url, options);
    asked.set(url, known);
    return known;
  };
  const note = (url: string, answer: Result<Fetched, FetchProblem>, problem: string | undefined): void => {
    if (results.some((result) => result.url === url)) return;
    const { status = 0, redirects = [] } = answer.ok ? answer.value : {};
    results.push({ url, status, redirects, problem });
  };
  let otherIssuer: string | undefined;

  const read = async (url: string): Promise<Result<unknown, FetchProblem>> => {
    const answer = await get(url);
    const parsed = answer.ok ? parseDocument(answer.value) : answer;
    note(url, answer, parsed.ok ? undefined : parsed.problem.message);
    return parsed;
  };

  const find = async (first: string, fallback: string | undefined): Promise<LookUp> => {
    let url = first;
    let metadata = await read(url);
    const answer = await get(url);
    // scitokens-cpp asks for the second after an answer that is not 200 only, not after one that it cannot read.
    if (fallback !== undefined && answer.ok && answer.value.status !== 200) {
      const second = await read(fallback);
      if (second.ok) [url, metadata] = [fallback, second];
    }
    if (!metadata.ok) return notFound(url, metadata.problem);
    const jwksUrl = stringMember(metadata.value, 'jwks_uri');
    if (jwksUrl === undefined)
      return notFound(url, { message: 'has no "jwks_uri"', remedy: REMEDY, isUnreachable: false });
    const named = stringMember(metadata.value, 'issuer');
    if (named !== issuer) otherIssuer ??= named ?? '';
    const kind = !URL.canParse(jwksUrl) ? 'a URL' : jwksUrl.startsWith('https://') ? undefined : 'https';
    if (kind !== undefined)
      return notFound(url, {
        message: `names ${jwksUrl}, which is not ${kind}`,
        remedy: REMEDY,
        isUnreachable: false,
      });
    const jwks = await read(jwksUrl);
    if (!jwks.ok) return notFound(jwksUrl, jwks.problem);
    if (!Array.isArray(member(jwks.value, 'keys')))
      return notFound(jwksUrl, { message: 'has no list "keys"', remedy: REMEDY, isUnreachable: false });
    const answers = await Promise.all([get(url), get(jwksUrl)]);
    const isRedirected = answers.some((each) => each.ok && each.value.redirects.length > 0);
    return { found: true, keys: arrayMember(jwks.value, 'keys'), jwksUrl, isRedirected };
  };

  const openid = await find(urls.openid, undefined);
  const xrootd = await find(urls.xrootd, urls.xrootdFallback);
  return { ways: { openid, xrootd }, asked: results, otherIssuer };
}

const REMEDY = 'publish the documents that jwks --dir writes';

function notFound(url: string, { message, remedy, isUnreachable }: FetchProblem): LookUp {
  return { found: false, problem: `${url} ${message}`, remedy, isUnreachable };
}

function parseDocument({ status, text }: Fetched): Result<unknown, FetchProblem> {
  if (status !== 200) return fail({ message: `answers ${status}`, remedy: REMEDY, isUnreachable: false });
  try {
    return ok(JSON.parse(text));
  } catch {
    const what = /^\s*</.test(text) ? 'is HTML, not JSON' : 'is not JSON';
    return fail({ message: what, remedy: REMEDY, isUnreachable: false });
  }
}
