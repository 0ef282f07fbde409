import { readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describeFileError } from '../../resources/file-error.ts';
import { arrayMember, isJsonObject, member, stringMember } from '../../resources/json.ts';
import { fail, ok, type Result } from '../../resources/result.ts';
import type { IssuerDocument } from '../../signing/issuer/issuer-documents.ts';
import type { KeyEntry, PublishedKey } from '../../signing/issuer/key-set.ts';
import { JWKS_PATH, OPENID_PATH, type IssuerUrls } from '../../signing/issuer/urls.ts';
import type { Seconds } from '../../time/units.ts';
import { makeFolder } from '../output/make-folder.ts';
import { makePublic } from '../output/make-public.ts';
import { writeProblem } from '../output/write-problem.ts';
import { isOurPage, makePage, readSince } from './page.ts';
import { EXIT, type CommandProblem } from '../command.ts';

/** The content of a site. */
interface SiteContent {
  readonly issuer: string;
  readonly urls: IssuerUrls;
  readonly keys: readonly PublishedKey[];
  readonly documents: readonly IssuerDocument[];
  readonly now: Seconds;
}

/** A folder that is served below an issuer's URL. */
interface Site {
  /** The keys that are published there already. */
  readonly keys: readonly KeyEntry[];
  /** Replaces our documents; a page that is not ours stays. */
  readonly write: (
    content: SiteContent,
  ) => Promise<
    Result<{ readonly files: readonly string[]; readonly warnings: readonly string[] }, CommandProblem>
  >;
}

const PAGE = 'index.html';
/** GitHub Pages leaves out folders that begin with a dot, unless this file is there. */
const NO_JEKYLL = '.nojekyll';

/** Looks at what the folder holds, which need not exist. Another issuer's documents are a problem. */
export async function openSite(dir: string, issuer: string): Promise<Result<Site, CommandProblem>> {
  const texts: Partial<Record<string, string>> = {};
  for (const name of [OPENID_PATH, JWKS_PATH, PAGE]) {
    const text = await readIfPresent(join(dir, name));
    if (!text.ok) return text;
    if (text.value !== undefined) texts[name] = text.value;
  }
  const metadata = texts[OPENID_PATH];
  const other = metadata === undefined ? issuer : stringMember(parse(metadata), 'issuer');
  if (other !== issuer) {
    const whose = other === undefined ? 'is not the metadata of an issuer' : `is of the issuer ${other}`;
    return siteProblem(join(dir, OPENID_PATH), `${whose} and is not overwritten: choose another --dir`);
  }
  const jwks = texts[JWKS_PATH];
  const published = jwks === undefined ? { keys: [] } : parse(jwks);
  if (!Array.isArray(member(published, 'keys')))
    return siteProblem(
      join(dir, JWKS_PATH),
      'is not a JWK Set and is not overwritten: remove it, or choose another --dir',
    );
  const keys = arrayMember(published, 'keys').flatMap((jwk): KeyEntry[] => {
    const kty = stringMember(jwk, 'kty');
    return isJsonObject(jwk) && kty !== undefined
      ? [{ jwk: { ...jwk, kty }, role: 'kept', source: dir }]
      : [];
  });
  return ok({ keys, write: (content) => writeSite(dir, texts[PAGE], content) });
}

function siteProblem(
  path: string,
  problem: string,
): { readonly ok: false; readonly problem: CommandProblem } {
  return fail({ exit: EXIT.refused, message: `${path} ${problem}` });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function readIfPresent(path: string): Promise<Result<string | undefined, CommandProblem>> {
  try {
    return ok(await readFile(path, 'utf8'));
  } catch (error) {
    if (member(error, 'code') === 'ENOENT') return ok(undefined);
    return fail({ exit: EXIT.outside, message: `cannot read ${path}: ${describeFileError(error)}` });
  }
}

async function writeSite(
  dir: string,
  page: string | undefined,
  { issuer, urls, keys, documents, now }: SiteContent,
): ReturnType<Site['write']> {
  const mayWritePage = page === undefined || isOurPage(page);
  const since = page === undefined ? {} : readSince(page);
  const all = [
    // The keys before the metadata that lead to them.
    ...documents.toReversed(),
    { path: NO_JEKYLL, text: '' },
    ...(mayWritePage ? [{ path: PAGE, text: makePage({ issuer, urls, keys, since, now }) }] : []),
  ];
  for (const { path, text } of all) {
    const target = join(dir, path);
    try {
      for (const folder of await makeFolder(dirname(target))) await makePublic(folder);
      // A verifier may read at this moment: it gets the whole old text or the whole new one.
      await writeFile(`${target}.new`, text, { mode: 0o644 });
      await makePublic(`${target}.new`);
      await rename(`${target}.new`, target);
    } catch (error) {
      return fail(writeProblem(target, error));
    }
  }
  const warnings = mayWritePage ? [] : [`${join(dir, PAGE)} is a page of your own and stays as it is`];
  return ok({ files: all.map(({ path }) => join(dir, path)), warnings });
}
