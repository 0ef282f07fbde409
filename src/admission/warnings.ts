import { shorten } from './text.ts';

/** Kubernetes API: "Limit warnings to 120 characters if possible", larger ones may be cut by the API server. */
const MAX_LENGTH = 120;
/** More are not read, and all of them together are cut at 4,096 characters by the API server. */
const MAX_COUNT = 3;

/** What can be warned of, most useful first: what breaks the container, what goes to the wrong place, then the untidy. */
const KINDS = [
  'refused',
  'remedy',
  'cannotInject',
  'notCopied',
  'readOnlyParent',
  'environmentKept',
  'bearerTokenSet',
  'templateDiffers',
  'unknownAnnotation',
  'misplaced',
  'templateFixed',
  'withoutToken',
  'unknownContainer',
  'windowsAffinity',
  'neverRefreshes',
  'emptyValue',
  'emptyItem',
  'duplicateToken',
] as const;
export type WarningKind = (typeof KINDS)[number];

/** Gathers warnings in any order and gives out the three most useful ones. */
export class Warnings {
  readonly #found: { kind: WarningKind; text: string; more: number }[] = [];

  /** `more` is how many others like it there are, which are only counted. */
  add(kind: WarningKind, text: string, more = 0): void {
    this.#found.push({ kind, text, more });
  }

  /** The same warning for many containers is one: the first is named, the others are counted. */
  addOnce(kind: WarningKind, text: string): void {
    const known = this.#found.find((warning) => warning.kind === kind);
    if (known === undefined) this.add(kind, text);
    else known.more += 1;
  }

  /** Whether there are so many that further ones are not worth a search. */
  isFull(): boolean {
    return this.#found.length >= KINDS.length;
  }

  /** At most three, at most 120 characters each. */
  list(): readonly string[] {
    if (this.#found.length === 0) return [];
    const ordered = this.#found.toSorted((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind));
    const texts = new Set(ordered.map(({ text, more }) => withCount(text, more)));
    return [...texts].slice(0, MAX_COUNT);
  }
}

function withCount(text: string, more: number): string {
  if (more === 0) return shorten(text, MAX_LENGTH);
  const count = ` (and ${more} more)`;
  return shorten(text, MAX_LENGTH - count.length) + count;
}
