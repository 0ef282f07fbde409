/** One name of a list that is divided by white space (RFC 8693 §4.2); a colon and a path may follow. */
const STORAGE_SCOPE = /(?:^|\s)(storage\.(?:read|create|modify|write))(?=[:\s]|$)(?::(\S*))?/g;

/** A scope of the WLCG profile; `path` is empty when there is none. */
export interface StorageScope {
  readonly name: string;
  readonly path: string;
}

/** Which scopes of storage a claim `scope` asks for: a text, or a list of them. Anything else asks for none. */
export function findStorageScopes(scope: unknown): readonly StorageScope[] {
  const text = [scope]
    .flat()
    .filter((item) => typeof item === 'string')
    .join(' ');
  return [...text.matchAll(STORAGE_SCOPE)].map(([, name = '', path = '']) => ({ name, path }));
}
