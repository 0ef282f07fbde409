/** A change (RFC 6902). An `add` of an object member that exists replaces its value (§4.1). */
export type PatchOperation =
  | { readonly op: 'add'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

/** A step of a patch that the API server refuses as a whole where a test fails. */
export type PatchStep =
  PatchOperation | { readonly op: 'test' | 'replace'; readonly path: string; readonly value: unknown };

/** The test that an object is still the one that was read. */
export function testVersion(resourceVersion: string | undefined): PatchStep {
  return { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion };
}

/** The operations of a patch as our answers hold it: a JSON text of our own, or `''` for none. */
export function readPatch(patch: string): readonly PatchOperation[] {
  return patch === '' ? [] : JSON.parse(patch);
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
