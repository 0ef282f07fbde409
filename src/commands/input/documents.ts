import {
  arrayMember,
  isJsonObject,
  member,
  objectMember,
  stringMember,
  type JsonObject,
} from '../../resources/json.ts';
import { readNamespaceDefault } from '../../resources/namespace-default.ts';
import { fail, ok, type Result } from '../../resources/result.ts';
import type { Io } from '../io.ts';
import { readEditable, type EditableDocument } from '../yaml/editable-document.ts';
import { readYamlText, showFilename } from './read-text.ts';
import { EXIT, type CommandProblem } from '../command.ts';

/** The documents of a YAML or JSON file, as Kubernetes reads them. */
export async function readFileDocuments(
  filename: string,
  io: Pick<Io, 'stdin'>,
): Promise<Result<readonly EditableDocument[], CommandProblem>> {
  const text = await readYamlText(filename, io);
  if (!text.ok) return text;
  const documents = readEditable(text.value);
  if (documents.ok) return documents;
  const { document, message } = documents.problem;
  return fail({ exit: EXIT.refused, message: `${showFilename(filename)}, document ${document}: ${message}` });
}

/** Every Kubernetes object of a YAML or JSON file: its documents, and the items of Lists. */
export async function readDocuments(
  filename: string,
  io: Pick<Io, 'stdin'>,
): Promise<Result<readonly JsonObject[], CommandProblem>> {
  const documents = await readFileDocuments(filename, io);
  if (!documents.ok) return documents;
  return ok(documents.value.flatMap(listObjects).map(({ object }) => object));
}

/** One object of a document: the document itself, or an item of a List in it. */
export interface ListedObject {
  readonly object: JsonObject;
  /** The path from the root of the document to the object, such as `items`, `0`. */
  readonly path: readonly string[];
  /** `EditableDocument.written` for the document, with paths from the object. */
  readonly written: EditableDocument['written'];
}

/** The objects of a document: itself, or the items of a List, and of Lists in it. */
export function listObjects({
  value,
  written,
}: Pick<EditableDocument, 'value' | 'written'>): readonly ListedObject[] {
  return flatten(withPlainNumbers(value), []).map(({ object, path }) => ({
    object,
    path,
    written: (more) => written([...path, ...more]),
  }));
}

function flatten(object: unknown, path: readonly string[]): readonly Omit<ListedObject, 'written'>[] {
  if (!isJsonObject(object)) return [];
  const kind = stringMember(object, 'kind') ?? '';
  if (!kind.endsWith('List') || !Array.isArray(member(object, 'items'))) return [{ object, path }];
  // Items of a PodList need not repeat their kind.
  const type =
    kind === 'List' ? {} : { apiVersion: object['apiVersion'], kind: kind.slice(0, -'List'.length) };
  return arrayMember(object, 'items').flatMap((item, index) =>
    isJsonObject(item) ? flatten({ ...type, ...item }, [...path, 'items', String(index)]) : [],
  );
}

/** Integers as the Kubernetes API reads them in JSON. */
function withPlainNumbers(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(withPlainNumbers);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withPlainNumbers(item)]));
}

/** The default of a namespace, as far as a file shows; `undefined` namespace where the object names none. */
export type OfflineDefault = (namespace: string | undefined) => string | undefined;

/** The defaults that the labels of the Namespaces among the objects give. */
export function readDefaults(objects: readonly JsonObject[]): OfflineDefault {
  const defaults = new Map<string | undefined, string | undefined>();
  for (const object of objects) {
    if (object['kind'] !== 'Namespace') continue;
    defaults.set(stringMember(objectMember(object, 'metadata'), 'name'), readNamespaceDefault(object));
  }
  return (namespace) => (namespace === undefined ? undefined : defaults.get(namespace));
}
