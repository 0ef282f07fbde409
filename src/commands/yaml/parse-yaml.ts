import {
  LineCounter,
  parseAllDocuments,
  type Document,
  type DocumentOptions,
  type ParseOptions,
  type SchemaOptions,
} from 'yaml';

/** Nothing is resolved by the library: Kubernetes reads other values than YAML 1.2 and 1.1 say. */
const AS_WRITTEN: ParseOptions & DocumentOptions & SchemaOptions = {
  schema: 'failsafe',
  resolveKnownTags: false,
  uniqueKeys: false,
  logLevel: 'error',
  prettyErrors: false, // for each of many errors on one long line the library would look through all of it
};

/**
 * The documents of a YAML text, with the errors in each; empty if there is no document at all. Throws `RangeError` where the
 * stack ends.
 */
export function parseYaml(text: string, lineCounter = new LineCounter()): readonly Document.Parsed[] {
  const documents = parseAllDocuments(text, { ...AS_WRITTEN, lineCounter });
  return 'empty' in documents ? [] : documents;
}
