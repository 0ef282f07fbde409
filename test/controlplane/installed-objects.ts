import { stringify } from 'yaml';
import { askApi } from './api-request.ts';
import { createFindPath, readObjects } from './apply.ts';
import type { Cluster } from './cluster.ts';
import { ControlPlaneError } from './control-plane-error.ts';

/** The objects that were installed in a cluster, with their versions at that time. */
export interface InstalledObjects {
  /**
   * True if nobody has written the object at `path` since it was installed; `resourceVersion` is its present
   * version.
   */
  isUntouched(path: string, resourceVersion: string | undefined): boolean;
  /** Applies the objects that were changed or deleted. */
  restore(): Promise<void>;
}

/** Remembers the versions of the objects of a YAML text, which was applied as a whole. */
export async function rememberInstalled(
  { access, apply }: Cluster,
  manifests: string,
): Promise<InstalledObjects> {
  const findPath = createFindPath(access);
  const readVersion = async (path: string): Promise<string | undefined> => {
    const { status, body } = await askApi(access, 'GET', path);
    if (status === 404) return undefined;
    if (status !== 200) throw new ControlPlaneError(`reading ${path}: ${status} ${body}`);
    return (JSON.parse(body) as { metadata: { resourceVersion: string } }).metadata.resourceVersion;
  };
  const objects = await Promise.all(
    readObjects(manifests).map(async (object) => ({ path: await findPath(object), text: stringify(object) })),
  );
  const versions = new Map<string, string | undefined>();
  for (const { path } of objects) versions.set(path, await readVersion(path));
  return {
    isUntouched: (path, resourceVersion) =>
      resourceVersion !== undefined && versions.get(path) === resourceVersion,
    restore: async () => {
      for (const { path, text } of objects) {
        const version = await readVersion(path);
        if (version !== undefined && version === versions.get(path)) continue;
        await apply(text);
        versions.set(path, await readVersion(path));
      }
    },
  };
}
