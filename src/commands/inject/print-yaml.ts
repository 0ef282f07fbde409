import type { EditableDocument } from '../input/editable-yaml.ts';

/** The documents as one text. One that does not begin with `---` itself gets it, unless it is the first. */
export function printYaml(documents: readonly EditableDocument[]): string {
  const texts = documents.map((document) => document.text());
  return texts
    .map((text, index) => (index === 0 || /^(?:#[^\n]*\n|\s)*---/.test(text) ? text : `---\n${text}`))
    .join('');
}
