import { formatTime } from '../../time/format-time.ts';
import type { Seconds } from '../../time/units.ts';
import { fail, ok, type Result } from '../../resources/result.ts';
import { quoteShell } from '../../resources/shell-words.ts';
import { issuerDocuments } from '../../signing/issuer/issuer-documents.ts';
import { mergeKeys, type KeyEntry, type KeySet, type PublishedKey } from '../../signing/issuer/key-set.ts';
import { findIssuerUrls, hasCredentials } from '../../signing/issuer/urls.ts';
import { reportPublication, type Publication } from './publication-report.ts';
import type { IssuerKeys } from './keys-of-jwt.ts';
import { openSite } from './site.ts';
import { EXIT, type CommandProblem } from '../command.ts';

/** The documents to publish, and their places. */
export interface PublicationOptions {
  /** `undefined`: that of the JWTs. */
  readonly issuer: string | undefined;
  /** All JWTs of `issuer` in all namespaces are meant: nobody named them. */
  readonly everywhere: boolean;
  /** The folder in which the documents are written; `undefined`: they are not written. */
  readonly dir: string | undefined;
  /** `kid`s of published keys that can be removed. */
  readonly remove: readonly string[];
  /** Whether to remove keys, too, that no longer sign while their tokens are valid: a key that was stolen. */
  readonly force: boolean;
}

/** The text that is printed about a publication, and the warnings. */
interface Published {
  readonly publication: Publication;
  readonly warnings: readonly string[];
}

/** Puts the keys of one issuer together, and writes them below `dir` if it is given. */
export async function publishFound(
  found: readonly IssuerKeys[],
  options: PublicationOptions,
  now: Seconds,
): Promise<Result<Published, CommandProblem>> {
  const { dir, remove, force } = options;
  const issuer = chooseIssuer(found, options.issuer);
  if (!issuer.ok) return fail({ exit: EXIT.refused, message: issuer.problem });
  const urls = findIssuerUrls(issuer.value);
  if (!urls.ok) return fail({ exit: EXIT.refused, message: `issuer "${issuer.value}": ${urls.problem}` });
  const site = dir === undefined ? ok(undefined) : await openSite(dir, issuer.value);
  if (!site.ok) return site;
  const wanted = found
    .filter((keys) => keys.issuer === undefined || keys.issuer === issuer.value)
    .flatMap((keys) => keys.entries);
  const isDropped = ({ role, jwk }: KeyEntry): boolean =>
    force && role === 'retired' && remove.includes(jwk.kid ?? '');
  const [dropped, entries] = [wanted.filter(isDropped), wanted.filter((entry) => !isDropped(entry))];
  const kept = site.value?.keys.filter(({ jwk }) => !remove.includes(jwk.kid ?? '')) ?? [];
  const merged = await mergeKeys([...entries, ...kept]);
  if (!merged.ok) return fail({ exit: EXIT.refused, message: merged.problem });
  const problem = findRemovalProblem(remove, merged.value, wanted, site.value?.keys ?? []);
  if (problem !== undefined) return fail({ exit: EXIT.refused, message: problem });
  const { keys, warnings } = merged.value;
  const gathered = found.flatMap(({ warnings: said = [] }) => said);
  // Verifiers would refuse every token. The last key goes only by its name.
  if (keys.length === 0 && remove.length === 0)
    return fail({ exit: EXIT.refused, message: describeNoKey(found, issuer.value) });
  const documents = issuerDocuments(
    issuer.value,
    keys.map(({ jwk }) => jwk),
  );
  const written = await site.value?.write({ issuer: issuer.value, urls: urls.value, keys, documents, now });
  if (written?.ok === false) return written;
  const publication = reportPublication({
    issuer: issuer.value,
    urls: urls.value,
    keys,
    documents,
    dir,
    files: written?.value.files ?? [],
  });
  return ok({
    publication,
    warnings: [
      ...warnings,
      ...warnOfCredentials(issuer.value),
      ...gathered,
      ...(written?.value.warnings ?? []),
      ...warnOfEarlier(found, issuer.value),
      ...warnOfDropped(dropped),
      ...(options.everywhere ? warnOfNew(keys, site.value?.keys ?? []) : []),
    ],
  });
}

/** Why nothing can be published, and what can be instead. */
function describeNoKey(found: readonly IssuerKeys[], published: string): string {
  const [said] = found.flatMap(({ issuer, warnings = [] }) => (issuer === published ? warnings : []));
  const unsigned = `no JWT has signed for the issuer "${published}" yet`;
  return said ?? [unsigned, ...warnOfEarlier(found, published)].join('; ');
}

/** The documents of such an issuer are made anyway: tokens that name it are in use, and verifiers ask for their keys. */
function warnOfCredentials(issuer: string): readonly string[] {
  return hasCredentials(issuer)
    ? ['the issuer has a user name or password, which everybody sees: give new tokens an issuer without it']
    : [];
}

/** The status of a JWT goes on to name a key until its last token expires, so each later run would publish it again. */
function warnOfDropped(dropped: readonly KeyEntry[]): readonly string[] {
  const kids = [...new Set(dropped.map(({ jwk }) => jwk.kid ?? ''))];
  return kids.map((kid) => {
    const entries = dropped.filter(({ jwk }) => jwk.kid === kid);
    const until = Math.max(...entries.map((entry) => entry.until ?? 0));
    const flag = quoteShell(`--remove=${kid}`);
    return `kid ${kid} is removed before its last token (of ${namesOf(entries)}) expires on ${formatTime(until)}: verifiers refuse its tokens when they have fetched the keys again; give ${flag} --force in each run until then, or it is published again`;
  });
}

/** All keys are new if nothing is published yet. */
function warnOfNew(keys: readonly PublishedKey[], published: readonly KeyEntry[]): readonly string[] {
  if (published.length === 0) return [];
  return keys
    .filter((key) => !published.some(({ jwk }) => jwk.kid === key.jwk.kid))
    .map(({ jwk: { kid }, sources }) => {
      const flag = quoteShell(`--remove=${kid}`);
      return `kid ${kid} of ${sources.join(', ')} was not published here before: -A takes the key of everybody who may sign for the issuer; if that should not be, name the JWTs instead, with ${flag}`;
    });
}

/** Tokens of an issuer that a JWT had before find their keys below that one. */
function warnOfEarlier(found: readonly IssuerKeys[], published: string): readonly string[] {
  return found
    .filter(({ issuer, isEarlier }) => isEarlier === true && issuer !== published)
    .map(({ issuer, entries }) => {
      const until = Math.max(...entries.map((entry) => entry.until ?? 0));
      const again = `--issuer ${quoteShell(issuer ?? '')}`;
      return `${namesOf(entries)} had the issuer ${issuer} before: its key has to stay published there until ${formatTime(until)} (the same with ${again})`;
    });
}

function namesOf(entries: readonly KeyEntry[]): string {
  return [...new Set(entries.map(({ source }) => source))].join(', ');
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

/** `wanted`: what the JWTs and files name, with what is left out; `published`: before. */
function findRemovalProblem(
  remove: readonly string[],
  { keys }: KeySet,
  wanted: readonly KeyEntry[],
  published: readonly KeyEntry[],
): string | undefined {
  for (const kid of remove) {
    const used = keys.find(({ jwk }) => jwk.kid === kid);
    const named = wanted.filter(({ jwk }) => jwk.kid === kid);
    if (used !== undefined) {
      const remedy = named.every(({ role }) => role === 'retired') ? ': if it was stolen, add --force' : '';
      return `--remove ${kid}: it is still in use (${used.sources.join(', ')}), and its tokens would be refused${remedy}`;
    }
    if (![...named, ...published].some(({ jwk }) => jwk.kid === kid))
      return `--remove ${kid}: no such key is published there`;
  }
  return undefined;
}
