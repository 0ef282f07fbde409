import { isJsonObject } from '../../resources/json.ts';
import type { EditableDocument } from '../yaml/editable-document.ts';

declare global {
  interface JSON {
    /** ECMAScript 2026: `text` is written as it is. */
    rawJSON(text: string): unknown;
  }
}

/** One object as it is, several as a List, as kubectl does. Integers keep all their digits. */
export function printJson(documents: readonly EditableDocument[]): string {
  const values = documents.map((document) => document.changedValue()).filter(isJsonObject);
  const [first] = values;
  const printed = values.length === 1 ? first : { apiVersion: 'v1', kind: 'List', items: values };
  return `${JSON.stringify(printed, exact, 2)}\n`;
}

function exact(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? JSON.rawJSON(value.toString()) : value;
}
