import type { BareClient } from '../bench/bare-client.ts';

/** resourceVersions by `uid`, so that an object that was re-created counts as another one. */
export interface Versions {
  readonly secrets: ReadonlyMap<string, string>;
  readonly jwts: ReadonlyMap<string, string>;
}

/** The versions in etcd of our Secrets, and of the JWTs, whose metadata and spec do not change here. */
export async function listVersions(client: BareClient): Promise<Versions> {
  const read = async (path: string): Promise<ReadonlyMap<string, string>> => {
    const { items } = JSON.parse(await client.send('GET', path)) as {
      readonly items: readonly {
        readonly metadata: { readonly uid: string; readonly resourceVersion: string };
      }[];
    };
    return new Map(items.map(({ metadata }) => [metadata.uid, metadata.resourceVersion]));
  };
  const ours = encodeURIComponent('tokens.osg-htc.org/managed=true');
  return {
    secrets: await read(`/api/v1/secrets?labelSelector=${ours}`),
    jwts: await read('/apis/tokens.osg-htc.org/v1/jwts'),
  };
}

/** How many objects were written, created or deleted between two listings. */
export function countChanges(
  before: Versions,
  after: Versions,
): { readonly secrets: number; readonly statuses: number } {
  const count = (one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): number =>
    [...new Set([...one.keys(), ...other.keys()])].filter((uid) => one.get(uid) !== other.get(uid)).length;
  return { secrets: count(before.secrets, after.secrets), statuses: count(before.jwts, after.jwts) };
}
