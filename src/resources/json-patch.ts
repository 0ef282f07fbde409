/** RFC 6902. An `add` of an object member that exists replaces its value (§4.1). */
export type PatchOperation =
  | { readonly op: 'add'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

/**
 * The operations as JSON text. A value that many of them share is written once and repeated: a token is added to each
 * container in the same way.
 */
export function writePatch(operations: readonly PatchOperation[]): string {
  const written = new Map<unknown, string>();
  const parts = operations.map((operation) => {
    if (operation.op === 'remove') return JSON.stringify(operation);
    const { path, value } = operation;
    let text = written.get(value);
    if (text === undefined) written.set(value, (text = JSON.stringify(value)));
    return `{"op":"add","path":${JSON.stringify(path)},"value":${text}}`;
  });
  return `[${parts.join(',')}]`;
}
