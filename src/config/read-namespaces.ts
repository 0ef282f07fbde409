import type { Settings } from './settings.ts';
import { parseNamespaces } from './values.ts';

/** The only namespaces to look at; `undefined` = all. Empty where it is not a list of names: that is a problem. */
export function readNamespaces(settings: Settings): readonly string[] | undefined {
  if (settings.text('namespaces') === undefined) return undefined;
  return settings.parsed('namespaces', parseNamespaces, 'names of namespaces, separated by commas', []);
}
