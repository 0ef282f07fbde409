import type { OfflineDefault } from '../../admission/inject-object.ts';
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
import { readText, type InputProblem } from '../input/documents.ts';
import { readEditable } from '../input/editable-yaml.ts';
import { EXIT, type Io } from '../io.ts';

/** One object of the input, and where it stands there. */
export interface InputObject {
  readonly object: JsonObject;
  /** `deploy.yaml`, with the document's number if the file has several. */
  readonly source: string;
}

/** Every Kubernetes object of the files, in order; Lists are taken apart. */
export async function readInput(
  filenames: readonly string[],
  io: Pick<Io, 'stdin'>,
): Promise<Result<readonly InputObject[], InputProblem>> {
  const objects: InputObject[] = [];
  for (const filename of filenames) {
    const text = await readText(filename, io);
    if (!text.ok) return text;
    const shown = filename === '-' ? 'standard input' : filename;
    const documents = readEditable(text.value);
    if (!documents.ok) {
      const { document, message } = documents.problem;
      return fail({
        exit: EXIT.refused,
        message: `${shown}, document ${document}: ${message}: correct the YAML`,
      });
    }
    for (const [index, { value }] of documents.value.entries()) {
      const source = documents.value.length === 1 ? shown : `${shown}, document ${index + 1}`;
      for (const object of flatten(withPlainNumbers(value))) objects.push({ object, source });
    }
  }
  return ok(objects);
}

/** Namespaces of the input that carry the label give their pods' default, as with `inject`. */
export function readDefaults(objects: readonly InputObject[]): OfflineDefault {
  const labels = new Map<string, string>();
  for (const { object } of objects) {
    const metadata = objectMember(object, 'metadata');
    const name = stringMember(metadata, 'name');
    const label = stringMember(objectMember(metadata, 'labels'), NAMESPACE_DEFAULT_LABEL) ?? '';
    if (member(object, 'kind') === 'Namespace' && name !== undefined && label !== '') labels.set(name, label);
  }
  return (namespace) => (namespace === undefined ? undefined : labels.get(namespace));
}

function flatten(object: unknown): readonly JsonObject[] {
  if (!isJsonObject(object)) return [];
  const kind = stringMember(object, 'kind') ?? '';
  if (!kind.endsWith('List') || !Array.isArray(member(object, 'items'))) return [object];
  // Items of a PodList need not repeat their kind.
  const type =
    kind === 'List' ? {} : { apiVersion: object['apiVersion'], kind: kind.slice(0, -'List'.length) };
  return arrayMember(object, 'items').flatMap((item) =>
    isJsonObject(item) ? flatten({ ...type, ...item }) : [],
  );
}

/** Integers as the Kubernetes API reads them in JSON. */
function withPlainNumbers(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(withPlainNumbers);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withPlainNumbers(item)]));
}
