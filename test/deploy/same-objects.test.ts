import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { openHelm, type Helm, type Values } from './helm.ts';
import { readObjects, renderOverlay, type Overlay, type Rendered } from './rendered.ts';

/** What Helm adds to labels and annotations. */
const HELMS: ReadonlySet<string> = new Set([
  'helm.sh/chart',
  'app.kubernetes.io/instance',
  'app.kubernetes.io/version',
  'app.kubernetes.io/managed-by',
]);

/** The same wish, as values of the chart and as a kustomization. */
const WISHES: Readonly<Record<string, { readonly values: Values; readonly overlay: Overlay }>> = {
  'nothing in particular': { values: {}, overlay: { resources: ['default'] } },
};

function byName(objects: readonly Rendered[]): Readonly<Record<string, Rendered>> {
  return Object.fromEntries(
    objects.map((object) => [
      `${object.apiVersion} ${object.kind} ${object.metadata.namespace ?? ''}/${object.metadata.name}`,
      object,
    ]),
  );
}

function withoutHelm(object: Rendered): Rendered {
  const labels = Object.entries(object.metadata.labels ?? {}).filter(([key]) => !HELMS.has(key));
  return { ...object, metadata: { ...object.metadata, labels: Object.fromEntries(labels) } };
}

describe('chart and kustomize', () => {
  let helm: Helm;
  before(async () => {
    helm = await openHelm();
  });
  after(() => helm[Symbol.asyncDispose]());

  for (const [name, { values, overlay }] of Object.entries(WISHES)) {
    it(`give the same objects for: ${name}`, async () => {
      const ofChart = readObjects(await helm.render(values))
        .filter(({ kind }) => kind !== 'CustomResourceDefinition')
        .map(withoutHelm);
      // Helm makes the namespace itself, by --create-namespace.
      const ofKustomize = readObjects(await renderOverlay(overlay)).filter(
        ({ kind }) => kind !== 'Namespace',
      );
      assert.deepEqual(byName(ofChart), byName(ofKustomize));
    });
  }

  it('have the same CRD, which only the chart tells Helm to keep', async () => {
    const [ofChart, ...others] = readObjects(await helm.render({}, '--show-only', 'templates/crd.yaml'));
    const [ofKustomize] = readObjects(await renderOverlay({ resources: ['crd'] }));
    assert.deepEqual(others, []);
    assert.ok(ofChart !== undefined && ofKustomize !== undefined);
    assert.equal(ofChart.metadata.annotations?.['helm.sh/resource-policy'], 'keep');
    const { annotations: _, ...metadata } = withoutHelm(ofChart).metadata;
    assert.deepEqual({ ...ofChart, metadata }, ofKustomize);
  });
});
