import type { OfflineDefault } from '../inject/inject-document.ts';
import {
  arrayMember,
  isJsonObject,
  member,
  objectMember,
  stringMember,
  type JsonObject,
} from '../../resources/json.ts';
import { NAMESPACE_DEFAULT_LABEL } from '../../resources/names.ts';
import { fail, ok, type Result } from '../../resources/result.ts';
import { EXIT, type Io } from '../io.ts';
import { readEditable, type EditableDocument } from './editable-yaml.ts';
import { readYamlText, type InputProblem } from './read-text.ts';

/** The documents of a YAML or JSON file, as Kubernetes reads them. */
export async function readFileDocuments(
  filename: string,
  io: Pick<Io, 'stdin'>,
): Promise<Result<readonly EditableDocument[], InputProblem>> {
  const text = await readYamlText(filename, io);
  if (!text.ok) return text;
  const documents = readEditable(text.value);
  if (documents.ok) return documents;
  const { document, message } = documents.problem;
  const shown = filename === '-' ? 'standard input' : filename;
  return fail({ exit: EXIT.refused, message: `${shown}, document ${document}: ${message}` });
}

/** Every Kubernetes object of a YAML or JSON file: its documents, and the items of Lists. */
export async function readDocuments(
  filename: string,
  io: Pick<Io, 'stdin'>,
): Promise<Result<readonly JsonObject[], InputProblem>> {
  const documents = await readFileDocuments(filename, io);
  if (!documents.ok) return documents;
  return ok(documents.value.flatMap(listObjects).map(({ object }) => object));
}

/** One object of a document, and its path from the document's root. */
export interface ListedObject {
  readonly object: JsonObject;
  readonly path: readonly string[];
}

/** The objects of a document: itself, or the items of a List, and of Lists in it. */
export function listObjects({ value }: Pick<EditableDocument, 'value'>): readonly ListedObject[] {
  return flatten(withPlainNumbers(value), []);
}

function flatten(object: unknown, path: readonly string[]): readonly ListedObject[] {
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

/** Namespaces among the objects that carry the label give their pods' default. */
export function readDefaults(objects: readonly JsonObject[]): OfflineDefault {
  const labels = new Map<string, string>();
  for (const object of objects) {
    const metadata = objectMember(object, 'metadata');
    const name = stringMember(metadata, 'name');
    const label = stringMember(objectMember(metadata, 'labels'), NAMESPACE_DEFAULT_LABEL) ?? '';
    if (member(object, 'kind') === 'Namespace' && name !== undefined && label !== '') labels.set(name, label);
  }
  return (namespace) => (namespace === undefined ? undefined : labels.get(namespace));
}
