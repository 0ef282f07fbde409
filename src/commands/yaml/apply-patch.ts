import { applyPatch as applyOperations } from 'rfc6902';
import { isJsonObject } from '../../resources/json.ts';
import type { PatchOperation } from '../../resources/json-patch.ts';

/** The value after the operations; the given one is not changed. Throws for a path whose parent is missing. */
export function applyPatch(value: unknown, operations: readonly PatchOperation[]): unknown {
  if (operations.length === 0) return value;
  const copy = copyJson(value);
  for (const error of applyOperations(copy, [...operations])) if (error !== null) throw error;
  return copy;
}

/** Every part is a copy of its own: what a YAML alias shares would change in all its places. */
function copyJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyJson);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copyJson(item)]));
}
