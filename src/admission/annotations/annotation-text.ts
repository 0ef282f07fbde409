import { member, type JsonObject } from '../../resources/json.ts';

/** Kubernetes API: keys and values of all annotations of one object together (`TotalAnnotationSizeLimitB`). */
export const MAX_ANNOTATIONS_BYTES = 262_144;

/** Whether the API server would refuse an object with these annotations. */
export function areTooLarge(annotations: JsonObject | undefined): boolean {
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations ?? {})) {
    bytes += Buffer.byteLength(key) + (typeof value === 'string' ? Buffer.byteLength(value) : 0);
  }
  return bytes > MAX_ANNOTATIONS_BYTES;
}

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
