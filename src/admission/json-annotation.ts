import { member, type JsonObject } from '../resources/json.ts';
import { MAX_ANNOTATIONS_BYTES } from './annotation-size.ts';

/** The value of an annotation that holds JSON; `undefined` if it is missing or cannot be read. */
export function readJsonAnnotation(annotations: JsonObject | undefined, key: string): unknown {
  const text = member(annotations, key);
  if (typeof text !== 'string' || text.length > MAX_ANNOTATIONS_BYTES) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
