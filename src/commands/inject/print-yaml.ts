import type { EditableDocument } from '../yaml/editable-document.ts';

/** Comments and blank lines, then what begins a document, or directives that belong to it. */
const BEGINNING = /^(?:#[^\n]*\n|\s)*(?<mark>---|%)/;
const ENDED = /(?<![^\n])\.\.\.(?:[ \t][^\n]*)?\r?\n$/;

/**
 * The documents as one text. One that does not begin with `---` itself gets it, unless it is the first, or all are JSON: then
 * they stay JSON, one after the other, as kubectl and `jq` read them.
 */
export function printYaml(documents: readonly EditableDocument[]): string {
  if (documents.every((document) => document.isJsonObject()))
    return documents.map((document) => document.text()).join('');
  let printed: string | undefined;
  const parts: string[] = [];
  for (const document of documents) {
    const text = document.text();
    if (printed !== undefined) parts.push(divide(printed, text));
    parts.push(text);
    printed = text;
  }
  return parts.join('');
}

/** The text that is needed between two documents. Directives may only follow a document that has been ended. */
function divide(before: string, after: string): string {
  const mark = BEGINNING.exec(after)?.groups?.['mark'];
  if (mark === '---' || (mark === '%' && ENDED.test(before))) return '';
  const eol = /^[^\n]*\r\n/.test(after) ? '\r\n' : '\n';
  return (mark === '%' ? '...' : '---') + eol;
}
