/** RFC 6902. An `add` of an object member that exists replaces its value (§4.1). */
export type PatchOperation =
  | { readonly op: 'add'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };
