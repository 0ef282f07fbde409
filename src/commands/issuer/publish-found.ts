import { formatTime } from '../../time/format-time.ts';
import type { Seconds } from '../../time/units.ts';
import { fail, ok, type Result } from '../../resources/result.ts';
import { issuerDocuments } from '../../signing/issuer/issuer-documents.ts';
import { mergeKeys, type KeySet } from '../../signing/issuer/key-set.ts';
import { findIssuerUrls } from '../../signing/issuer/urls.ts';
import { reportPublication, type Publication } from './describe-publication.ts';
import type { IssuerKeys } from './keys-of-jwt.ts';
import { openSite, type Site } from './site.ts';
import { EXIT, type CommandProblem } from '../command.ts';

/** What is published, and where. */
export interface PublicationOptions {
  /** `undefined`: that of the JWTs. */
  readonly issuer: string | undefined;
  /** Where the documents are written; `undefined`: nowhere. */
  readonly dir: string | undefined;
  /** `kid`s of published keys that can be removed. */
  readonly remove: readonly string[];
}

/** What is printed about a publication, and the warnings. */
export interface Published {
  readonly publication: Publication;
  readonly warnings: readonly string[];
}

/** Puts the keys of one issuer together, and writes them below `dir` if it is given. */
export async function publishFound(
  found: readonly IssuerKeys[],
  options: PublicationOptions,
  now: Seconds,
): Promise<Result<Published, CommandProblem>> {
  const { dir, remove } = options;
  const issuer = chooseIssuer(found, options.issuer);
  if (!issuer.ok) return fail({ exit: EXIT.refused, message: issuer.problem });
  const urls = findIssuerUrls(issuer.value);
  if (!urls.ok) return fail({ exit: EXIT.refused, message: `issuer "${issuer.value}": ${urls.problem}` });
  const site = dir === undefined ? ok(undefined) : await openSite(dir, issuer.value);
  if (!site.ok) return site;
  const entries = found
    .filter((keys) => keys.issuer === undefined || keys.issuer === issuer.value)
    .flatMap((keys) => keys.entries);
  const kept = site.value?.keys.filter(({ jwk }) => !remove.includes(jwk.kid ?? '')) ?? [];
  const merged = await mergeKeys([...entries, ...kept]);
  if (!merged.ok) return fail({ exit: EXIT.refused, message: merged.problem });
  const problem = findRemovalProblem(remove, merged.value, site.value);
  if (problem !== undefined) return fail({ exit: EXIT.refused, message: problem });
  const { keys, warnings } = merged.value;
  const documents = issuerDocuments(
    issuer.value,
    keys.map(({ jwk }) => jwk),
  );
  const written = await site.value?.write({ issuer: issuer.value, keys, documents, now });
  if (written?.ok === false) return written;
  const publication = reportPublication({
    issuer: issuer.value,
    urls: urls.value,
    keys,
    documents,
    dir,
    files: written?.value.files ?? [],
  });
  const more = [...(written?.value.warnings ?? []), ...warnOfEarlier(found, issuer.value)];
  return ok({ publication, warnings: [...warnings, ...more] });
}

/** Tokens of an issuer that a JWT had before find their keys below that one. */
function warnOfEarlier(found: readonly IssuerKeys[], published: string): readonly string[] {
  return found
    .filter(({ issuer, isEarlier }) => isEarlier === true && issuer !== published)
    .map(({ issuer, entries }) => {
      const until = Math.max(...entries.map((entry) => entry.until ?? 0));
      const sources = [...new Set(entries.map(({ source }) => source))].join(', ');
      return `${sources} had the issuer ${issuer} before: its key has to stay published there until ${formatTime(until)} (the same with --issuer ${issuer})`;
    });
}

function chooseIssuer(found: readonly IssuerKeys[], wanted: string | undefined): Result<string, string> {
  const present = found.filter(({ isEarlier }) => isEarlier !== true);
  const issuers = [...new Set(present.flatMap(({ issuer }) => (issuer === undefined ? [] : [issuer])))];
  const [first] = issuers;
  if (issuers.length > 1) {
    return fail(
      `the JWTs have different issuers, byte for byte (${issuers.join(', ')}): each publishes its own keys, so take them one by one`,
    );
  }
  const isKnown = first === undefined || found.some(({ issuer }) => issuer === wanted);
  if (wanted !== undefined && !isKnown)
    return fail(`the issuer of the JWTs is "${first}", byte for byte, and not "${wanted}": correct --issuer`);
  const issuer = wanted ?? first;
  return issuer === undefined ? fail('no JWT is given whose issuer it is: add --issuer') : ok(issuer);
}

function findRemovalProblem(
  remove: readonly string[],
  { keys }: KeySet,
  site: Site | undefined,
): string | undefined {
  for (const kid of remove) {
    const used = keys.find(({ jwk }) => jwk.kid === kid);
    if (used !== undefined)
      return `--remove ${kid}: it is still in use (${used.sources.join(', ')}), and its tokens would be refused`;
    if (site?.keys.some(({ jwk }) => jwk.kid === kid) === false)
      return `--remove ${kid}: no such key is published there`;
  }
  return undefined;
}
