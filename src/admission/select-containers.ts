import { fail, ok, type Result } from '../resources/result.ts';
import type { ContainerSelection } from './annotations.ts';
import type { Problem } from './decision.ts';
import type { ContainerShape } from './pod-shape.ts';
import { closest } from './spelling.ts';
import type { Warnings } from './warnings.ts';
import { quote } from './text.ts';

/** The containers that get the token. A list that selects none is refused: it is never what the user meant. */
export function selectContainers(
  all: readonly ContainerShape[],
  selection: ContainerSelection,
  warnings: Warnings,
): Result<readonly ContainerShape[], Problem> {
  if (selection.mode === 'all') return ok(all);
  const { mode, names, key } = selection;
  const selected = all.filter(({ name }) => names.has(name) === (mode === 'only'));
  if (selected.length === 0) return fail(explainEmpty(all, selection.names, key));
  const known = new Set(all.map(({ name }) => name));
  const [unknown, ...more] = [...names].filter((name) => !known.has(name));
  if (unknown !== undefined) {
    warnings.add('unknownContainer', `annotation ${key}: ${describeUnknown(unknown, known)}`, more.length);
  }
  return ok(selected);
}

function explainEmpty(all: readonly ContainerShape[], names: ReadonlySet<string>, key: string): Problem {
  const known = new Set(all.map(({ name }) => name));
  const unknown = [...names].find((name) => !known.has(name));
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
