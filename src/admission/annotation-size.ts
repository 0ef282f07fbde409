import type { JsonObject } from '../resources/json.ts';

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
