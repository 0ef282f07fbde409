/** One name of a list; a colon and a path may follow. */
const STORAGE_SCOPE = /(?:^|\s)(storage\.(?:read|create|modify|write))(?=[:\s]|$)(?::(\S*))?/g;
/** The words of SciTokens for reading and writing, with a path. */
const SCITOKENS_SCOPE = /(?:^|\s)(?:read|write):/;
/** The words of services other than storage, and of groups, for which a server may have rules of its own. */
const OTHER_PURPOSE = /(?:^|\s)(?:compute\.|condor:|wlcg\.groups)/;
/** A scope with a path. */
const PATH_SCOPE = /^(?:storage\.\w+|read|write):/;
/** A part `..` of a path, also if it is encoded; or what is encoded twice: `%25` alone is a percent sign, encoded once. */
const ODD_PATH = /(?:[:/]|%2f)(?:\.|%2e){2}(?:\/|%2f|$)|%25[0-9a-f]{2}/i;
/** Between two scopes, or left over at the end; a comma may well be part of a path. */
const LIST_COMMA = /,(?=\s|$|storage\.|compute\.|condor:|read:|write:|openid|offline_access|wlcg)/;

/** White space that divides no scopes: only U+0020 does (RFC 8693 §4.2), and scitokens-cpp knows no other. */
const OTHER_SPACE = /[^\S ]/;

/** A scope of the WLCG profile; `path` is empty when there is none. */
interface StorageScope {
  readonly name: string;
  readonly path: string;
}

/** The content of a claim `scope`, as its author may have meant it: lists, commas and line breaks are read, too. */
export interface Scopes {
  readonly form: 'missing' | 'text' | 'other';
  readonly hasCommas: boolean;
  /** White space but no spaces, in which verifiers see a part of a name or path. */
  readonly hasOtherSpace: boolean;
  readonly storage: readonly StorageScope[];
  /** Some are in the words of SciTokens. */
  readonly hasSciTokens: boolean;
  /** Some are for something else than storage, and may well be all that the token is for. */
  readonly hasOtherPurpose: boolean;
  /** Some have a path that leads upwards, or that is encoded twice. */
  readonly hasOddPath: boolean;
}

/** Whether a scope has that name, whatever its path. */
export function hasScope({ storage }: Scopes, wanted: string): boolean {
  return storage.some(({ name }) => name === wanted);
}

/** Whether a verifier knows the name. WLCG has no storage.write, though many look for it. */
export function isKnownScope({ name }: StorageScope): boolean {
  return name !== 'storage.write';
}

/** Whether there is a path, and it is one to look below. */
export function hasPath({ path }: StorageScope): boolean {
  return path.startsWith('/');
}

/** Whether objects may be changed and not read. Pelican looks for them first (PROPFIND), and drops a token that is refused. */
export function lacksRead(scopes: Scopes): boolean {
  const mayChange = hasScope(scopes, 'storage.create') || hasScope(scopes, 'storage.modify');
  return mayChange && !hasScope(scopes, 'storage.read');
}

/** Linear in the length of the claim. */
export function readScopes(scope: unknown): Scopes {
  const items = [scope].flat().filter((item) => typeof item === 'string');
  const text = items.join(' ');
  const divided = text.split(LIST_COMMA).join(' ');
  const isMissing = (scope ?? '') === '' || (items.length === [scope].flat().length && text.trim() === '');
  return {
    form: isMissing ? 'missing' : typeof scope === 'string' ? 'text' : 'other',
    hasCommas: divided !== text,
    hasOtherSpace: !isMissing && OTHER_SPACE.test(text),
    storage: [...divided.matchAll(STORAGE_SCOPE)].map(([, name = '', path = '']) => ({ name, path })),
    hasSciTokens: SCITOKENS_SCOPE.test(divided),
    hasOtherPurpose: OTHER_PURPOSE.test(divided),
    hasOddPath: divided.split(/\s+/).some((item) => PATH_SCOPE.test(item) && ODD_PATH.test(item)),
  };
}
