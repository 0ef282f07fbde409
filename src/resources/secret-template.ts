import { isJsonObject, jsonBytes, member, stringMap, type JsonObject, type StringMap } from './json.ts';
import { MAX_ENTRIES_BYTES } from './kept-metadata.ts';
import { PREFIX } from './names.ts';
import { fail, ok, type Result } from './result.ts';

/** The limit for the labels, and for the annotations, as the CRD bounds them: each takes memory of the JWT and of its Secret. */
const MAX_TEMPLATE_ENTRIES = 64;
/** Characters of a key of labels or annotations in Kubernetes: a domain of 253, a slash, a name of 63. */
const MAX_KEY = 317;

/** The metadata that the author of a JWT wants on its Secret. */
export interface SecretTemplate {
  readonly labels: StringMap;
  readonly annotations: StringMap;
}

/** Reads `spec.secretTemplate`; the problem is one sentence. */
export function parseSecretTemplate(template: unknown): Result<SecretTemplate, string> {
  if (!isJsonObject(template))
    return fail('spec.secretTemplate must be an object with labels or annotations');
  const labels = parseEntries(template, 'labels');
  if (!labels.ok) return labels;
  const annotations = parseEntries(template, 'annotations');
  if (!annotations.ok) return annotations;
  if (jsonBytes([labels.value, annotations.value]) > MAX_ENTRIES_BYTES) {
    return fail(`spec.secretTemplate takes more than ${MAX_ENTRIES_BYTES} bytes as JSON: shorten it`);
  }
  const keys = [...Object.keys(labels.value), ...Object.keys(annotations.value)];
  const reserved = keys.find((key) => key.startsWith(PREFIX));
  return reserved === undefined
    ? ok({ labels: labels.value, annotations: annotations.value })
    : fail(
        `spec.secretTemplate must not set ${reserved}: keys that start with ${PREFIX} are set by jwt-injector`,
      );
}

/** As the API server reads them: `null` counts as absent. Other values come from files alone, from a `yes` without quotes. */
function parseEntries(template: JsonObject, name: keyof SecretTemplate): Result<StringMap, string> {
  const where = `spec.secretTemplate.${name}`;
  const entries = member(template, name) ?? {};
  if (!isJsonObject(entries)) return fail(`${where} must be an object whose values are strings`);
  const wrong = Object.entries(entries).find(([, value]) => value !== null && typeof value !== 'string');
  if (wrong !== undefined)
    return fail(`${where}: the value of ${wrong[0].slice(0, MAX_KEY)} must be a string: put it in quotes`);
  const texts = stringMap(entries);
  const count = Object.keys(texts).length;
  return count > MAX_TEMPLATE_ENTRIES
    ? fail(`${where} has ${count} entries: at most ${MAX_TEMPLATE_ENTRIES} are allowed`)
    : ok(texts);
}
