import { stringify } from 'yaml';
import { openHelm } from '../deploy/helm.ts';
import { readObjects, type Rendered } from '../deploy/rendered.ts';
import type { Scene } from './scene.ts';

/** The shipped chart in the scene, instead of what was installed with kustomize. */
export interface Chart extends AsyncDisposable {
  /**
   * Does what `helm upgrade --reset-values` does with these values of `certificate`: a server-side apply as
   * the field manager `helm`, which throws if it would change a field that another manager has set, unless it
   * is forced. Then it deletes the objects that are no longer in the release.
   */
  upgrade(
    certificate: Readonly<Record<string, unknown>>,
    options?: { readonly force: boolean },
  ): Promise<void>;
}

/**
 * Helm itself would install the webhooks with their Service, which has no endpoints in a cluster without
 * nodes.
 */
export async function openChart({ cluster, fit }: Pick<Scene, 'cluster' | 'fit'>): Promise<Chart> {
  await using opened = new AsyncDisposableStack();
  const helm = opened.use(await openHelm());
  let present: readonly Rendered[] = [];
  const toText = (objects: readonly Rendered[]): string =>
    fit(objects)
      .map((object) => stringify(object))
      .join('---\n');
  const upgrade: Chart['upgrade'] = async (certificate, { force } = { force: false }) => {
    const next = readObjects(await helm.render({ certificate }));
    const how = ['--server-side', '--field-manager=helm', ...(force ? ['--force-conflicts'] : [])];
    await cluster.kubectl(['apply', ...how, '-f', '-'], { input: toText(next) });
    const names = new Set(next.map(nameOf));
    const gone = present.filter((object) => !names.has(nameOf(object)) && !isKept(object));
    if (gone.length > 0)
      await cluster.kubectl(['delete', '--ignore-not-found', '-f', '-'], { input: toText(gone) });
    present = next;
  };
  await upgrade({}, { force: true });
  const running = opened.move();
  return { upgrade, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

function nameOf({ kind, metadata }: Rendered): string {
  return `${kind} ${metadata.namespace ?? ''}/${metadata.name}`;
}

function isKept({ metadata }: Rendered): boolean {
  return metadata.annotations?.['helm.sh/resource-policy'] === 'keep';
}
