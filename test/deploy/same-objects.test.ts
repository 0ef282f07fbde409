import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parse } from 'yaml';
import { openHelm, type Helm } from './helm.ts';
import { readObjects, renderOverlay, type Rendered } from './rendered.ts';
import { WISHES } from './wishes.ts';

const RULES = join(import.meta.dirname, '../../deploy/monitoring/rules.yaml');

/** Labels and annotations that Helm adds. */
const HELMS: ReadonlySet<string> = new Set([
  'helm.sh/chart',
  'app.kubernetes.io/instance',
  'app.kubernetes.io/version',
  'app.kubernetes.io/managed-by',
]);

/** Makes Helm keep an object. */
const KEPT = 'helm.sh/resource-policy';

function byName(objects: readonly Rendered[]): Readonly<Record<string, Rendered>> {
  return Object.fromEntries(
    objects.map((object) => [
      `${object.apiVersion} ${object.kind} ${object.metadata.namespace ?? ''}/${object.metadata.name}`,
      sortFlags(object),
    ]),
  );
}

/** Sorts the flags, as their order does not matter. */
function sortFlags(object: Rendered): Rendered {
  const sorted = JSON.stringify(object, (key, value: unknown) =>
    key === 'args' && Array.isArray(value) ? value.map(String).toSorted() : value,
  );
  return JSON.parse(sorted) as Rendered;
}

function withoutHelm(object: Rendered): Rendered {
  const { annotations, ...metadata } = object.metadata;
  const labels = Object.entries(metadata.labels ?? {}).filter(([key]) => !HELMS.has(key));
  const others = Object.entries(annotations ?? {}).filter(([key]) => key !== KEPT);
  return {
    ...object,
    metadata: {
      ...metadata,
      labels: Object.fromEntries(labels),
      ...(others.length === 0 ? {} : { annotations: Object.fromEntries(others) }),
    },
  };
}

/** Whether it is about tokens, and not about the Lease. */
function isOfTokens(object: Rendered): boolean {
  return JSON.stringify(object['rules']).includes('"jwts"');
}

describe('chart and kustomize', () => {
  let helm: Helm;
  before(async () => {
    helm = await openHelm();
  });
  after(() => helm[Symbol.asyncDispose]());

  for (const [name, { values, overlay, namespace = 'jwt-injector' }] of Object.entries(WISHES)) {
    it(`give the same objects for: ${name}`, async () => {
      // The CRD is compared in the next test. Helm creates the namespace itself, by --create-namespace.
      const isCompared = ({ kind }: Rendered): boolean =>
        !['CustomResourceDefinition', 'Namespace'].includes(kind);
      const ofChart = readObjects(await helm.render(values, '--namespace', namespace)).filter(isCompared);
      const ofKustomize = readObjects(await renderOverlay(overlay)).filter(isCompared);
      assert.deepEqual(byName(ofChart.map(withoutHelm)), byName(ofKustomize));
    });
  }

  it('have the same alerts in the PrometheusRule as in the plain file', async () => {
    const all = readObjects(await renderOverlay({ resources: [], components: ['components/monitoring'] }));
    const rule = all.find(({ kind }) => kind === 'PrometheusRule');
    assert.deepEqual(rule?.['spec'], parse(readFileSync(RULES, 'utf8')));
  });

  it('give the Role of one namespace the same rights as the ClusterRole, whose rights are all tested', async () => {
    for (const components of [[], ['components/prompt-delivery']]) {
      const resources = ['default', 'namespaced'];
      const objects = readObjects(await renderOverlay({ resources, components }));
      const rulesOf = (kind: string) =>
        objects.find(
          (object) => object.kind === kind && object.metadata.name === 'jwt-injector' && isOfTokens(object),
        )?.['rules'];
      assert.ok(rulesOf('Role'));
      assert.deepEqual(rulesOf('Role'), rulesOf('ClusterRole'));
    }
  });

  it('have the same CRD, which Helm keeps when the chart is uninstalled', async () => {
    const [ofChart, ...others] = readObjects(await helm.render({}, '--show-only', 'templates/crd.yaml'));
    const [ofKustomize] = readObjects(await renderOverlay({ resources: ['crd'] }));
    assert.deepEqual(others, []);
    assert.ok(ofChart !== undefined && ofKustomize !== undefined);
    assert.equal(ofChart.metadata.annotations?.[KEPT], 'keep');
    assert.deepEqual(withoutHelm(ofChart), ofKustomize);
  });
});
