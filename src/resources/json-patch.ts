/** RFC 6902. An `add` of an object member that exists replaces its value (§4.1). */
export type PatchOperation =
  | { readonly op: 'add'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

/** Of fewer operations, those for some four containers, `JSON.stringify` takes less time. */
const MANY = 10;

/**
 * The operations as JSON text. What is added to one container of a pod is added to the others, too: a value that several
 * operations share is written once and copied, which is quicker than `JSON.stringify` is.
 */
export function writePatch(operations: readonly PatchOperation[]): string {
  if (operations.length < MANY) return JSON.stringify(operations);
  const written = new Map<unknown, string>();
  const texts = operations.map((operation) => {
    const path = JSON.stringify(operation.path);
    return operation.op === 'remove'
      ? `{"op":"remove","path":${path}}`
      : `{"op":"add","path":${path},"value":${writeOnce(operation.value, written)}}`;
  });
  return `[${texts.join(',')}]`;
}

function writeOnce(value: unknown, written: Map<unknown, string>): string {
  let text = written.get(value);
  if (text === undefined) written.set(value, (text = JSON.stringify(value)));
  return text;
}

/** The pointer to what is found by those keys and positions, one after the other (RFC 6901 §3). */
export function pointerTo(path: readonly string[]): string {
  return path.map((part) => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** The keys and positions of a pointer (RFC 6901 §4). */
export function pointerPath(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}
