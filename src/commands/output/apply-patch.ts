import { isJsonObject } from '../../resources/json.ts';
import { pointerPath, type PatchOperation } from '../../resources/json-patch.ts';

/** The value after the operations (RFC 6902); the given one is not changed. Parents that are missing are made. */
export function applyPatch(value: unknown, operations: readonly PatchOperation[]): unknown {
  return operations.reduce(
    (state, operation) => applyAt(state, pointerPath(operation.path), operation),
    value,
  );
}

function applyAt(value: unknown, path: readonly string[], operation: PatchOperation): unknown {
  const [head, ...rest] = path;
  if (head === undefined) return operation.op === 'add' ? operation.value : undefined;
  return Array.isArray(value)
    ? applyToList(value, head, rest, operation)
    : applyToObject(value, head, rest, operation);
}

function applyToList(
  list: readonly unknown[],
  head: string,
  rest: readonly string[],
  operation: PatchOperation,
): readonly unknown[] {
  const index = head === '-' ? list.length : Number(head);
  if (rest.length > 0) return list.with(index, applyAt(list[index], rest, operation));
  return operation.op === 'add' ? list.toSpliced(index, 0, operation.value) : list.toSpliced(index, 1);
}

function applyToObject(
  value: unknown,
  head: string,
  rest: readonly string[],
  operation: PatchOperation,
): unknown {
  const object = isJsonObject(value) ? value : {};
  if (operation.op === 'remove' && rest.length === 0) {
    return Object.fromEntries(Object.entries(object).filter(([key]) => key !== head));
  }
  return { ...object, [head]: applyAt(object[head], rest, operation) };
}
