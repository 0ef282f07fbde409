import type { Result } from '../resources/result.ts';
import type { ContainerSelection } from './annotations/injection-settings.ts';
import type { Problem } from './decision.ts';
import type { ContainerShape } from './pod-shape.ts';
import { closest } from './annotations/spelling.ts';
import { quote } from './text.ts';
import { NO_WARNINGS, type Warning, type WithWarnings } from './warnings.ts';

/** The containers that get the token. A list that selects none is refused: it is never what the user meant. */
export function selectContainers(
  all: readonly ContainerShape[],
  selection: ContainerSelection,
): WithWarnings<Result<readonly ContainerShape[], Problem>> {
  if (selection.mode === 'all') return { ok: true, value: all, warnings: NO_WARNINGS };
  const { mode, names, key } = selection;
  const selected = all.filter(({ name }) => names.has(name) === (mode === 'only'));
  const known = new Set(all.map(({ name }) => name));
  const unknown = [...names].filter((name) => !known.has(name));
  return selected.length === 0
    ? { ok: false, problem: explainEmpty(key, known, unknown), warnings: NO_WARNINGS }
    : { ok: true, value: selected, warnings: warnOfUnknownContainers(key, known, unknown) };
}

function warnOfUnknownContainers(
  key: string,
  known: ReadonlySet<string>,
  [first, ...more]: readonly string[],
): readonly Warning[] {
  if (first === undefined) return NO_WARNINGS;
  const text = `annotation ${key}: ${describeUnknown(first, known)}`;
  return [{ kind: 'unknownContainer', text, more: more.length }];
}

function explainEmpty(key: string, known: ReadonlySet<string>, [unknown]: readonly string[]): Problem {
  const shown = [...known].slice(0, 5).map((name) => quote(name, 63));
  return {
    what: `annotation ${key} selects no container${unknown === undefined ? '' : `: ${describeUnknown(unknown, known)}`}`,
    remedy: `the pod's containers are ${shown.join(', ')}${known.size > shown.length ? ' …' : ''}`,
  };
}

function describeUnknown(name: string, known: ReadonlySet<string>): string {
  const meant = closest(name, known);
  return `no container ${quote(name, 24)}${meant === undefined ? '' : `, did you mean ${quote(meant, 24)}?`}`;
}
