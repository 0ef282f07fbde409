/** RFC 6902. An `add` of an object member that exists replaces its value (§4.1). */
export type PatchOperation =
  | { readonly op: 'add'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

/**
 * The operations as JSON text. A pod of forty containers gets the same mount and the same env var forty times: each
 * is written once and remembered.
 */
export function writePatch(operations: readonly PatchOperation[]): string {
  const written = new Map<unknown, string>();
  const write = (value: unknown): string => {
    let text = written.get(value);
    if (text === undefined) {
      text = JSON.stringify(value);
      written.set(value, text);
    }
    return text;
  };
  let text = '';
  for (const operation of operations) {
    const path = writePath(operation.path);
    if (operation.op === 'remove') text += `,{"op":"remove","path":${path}}`;
    else {
      const { value } = operation;
      const list = Array.isArray(value) && value.length > 0;
      text += `,{"op":"add","path":${path},"value":${list ? `[${value.map(write).join()}]` : write(value)}}`;
    }
  }
  return `[${text.slice(1)}]`;
}

const PLAIN = /^[\w/~.-]*$/;

function writePath(path: string): string {
  return PLAIN.test(path) ? `"${path}"` : JSON.stringify(path);
}
