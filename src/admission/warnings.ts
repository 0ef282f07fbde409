import { shorten } from './text.ts';

/** Kubernetes API: "Limit warnings to 120 characters if possible", larger ones may be cut by the API server. */
export const MAX_WARNING_LENGTH = 120;
/** Nobody reads more, and the API server cuts all of them together at 4,096 characters. */
export const MAX_SHOWN = 3;

/** The kinds of warnings, the most useful first: those that break the container, those about a wrong place, the untidy. */
const WARNING_KINDS = [
  'refused',
  'remedy',
  'cannotInject',
  'notCopied',
  'readOnlyParent',
  'environmentKept',
  'bearerTokenSet',
  'templateDiffers',
  'copyRemoved',
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
/**
 * One word of `WARNING_KINDS`, whose order decides which warnings are given.
 *
 * @internal
 */
export type WarningKind = (typeof WARNING_KINDS)[number];

/** The kinds that every container of a pod may have: the first container is named, the others are counted. */
const PER_CONTAINER: ReadonlySet<WarningKind> = new Set([
  'readOnlyParent',
  'environmentKept',
  'bearerTokenSet',
  'neverRefreshes',
]);

/** Something that the author of a pod or workload should know, whether or not it is admitted. */
export interface Warning {
  readonly kind: WarningKind;
  /** One line. It is cut where it is too long to be shown. */
  readonly text: string;
  /** How many others like it there are; only their number is shown. */
  readonly more?: number;
}

/** The value that a step returns, and its warnings, whether or not it succeeds. */
export type WithWarnings<T> = T & { readonly warnings: readonly Warning[] };

/** One empty list for all: most pods have no warnings. */
export const NO_WARNINGS: readonly Warning[] = [];

/** Both lists in one, which stays short: of each kind it holds no more warnings than could be shown. */
export function joinWarnings(found: readonly Warning[], more: readonly Warning[]): readonly Warning[] {
  if (more.length === 0) return found;
  const joined = [...found];
  for (const warning of more) addTo(joined, warning);
  return joined;
}

function addTo(found: Warning[], warning: Warning): void {
  const alike = found.filter(({ kind }) => kind === warning.kind);
  const [first] = alike;
  if (first !== undefined && PER_CONTAINER.has(warning.kind)) {
    found[found.indexOf(first)] = { ...first, more: (first.more ?? 0) + (warning.more ?? 0) + 1 };
  } else if (
    alike.length < MAX_SHOWN &&
    alike.every((other) => showWarning(other) !== showWarning(warning))
  ) {
    found.push(warning);
  }
}

/** The texts to be shown: the most useful first, at most three, at most 120 characters each. */
export function mostUseful(warnings: readonly Warning[]): readonly string[] {
  if (warnings.length === 0) return [];
  const ordered = joinWarnings(NO_WARNINGS, warnings).toSorted(
    (a, b) => WARNING_KINDS.indexOf(a.kind) - WARNING_KINDS.indexOf(b.kind),
  );
  return ordered.slice(0, MAX_SHOWN).map(showWarning);
}

function showWarning({ text, more = 0 }: Warning): string {
  const count = more === 0 ? '' : ` (and ${more} more)`;
  return shorten(text, MAX_WARNING_LENGTH - count.length) + count;
}
