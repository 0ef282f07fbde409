import assert from 'node:assert/strict';
import { cp, mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { CHART, openHelm, type Helm, type Values } from './helm.ts';
import { readObjects } from './rendered.ts';

/** What PodSecurity `restricted` asks of a pod. */
const RESTRICTED = { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } };

describe('podSecurityContext of the chart', () => {
  let helm: Helm;
  before(async () => {
    helm = await openHelm();
  });
  after(() => helm[Symbol.asyncDispose]());

  /** The security context of each pod that the chart makes. */
  const render = async (values: Values, chart = CHART): Promise<readonly unknown[]> => {
    const file = await helm.valuesFile({ separate: true, ...values });
    const rendered = await helm.run('template', 'jwt-injector', chart, '-n', 'jwt-injector', '-f', file);
    const pods = readObjects(rendered).flatMap(({ kind, ...object }): readonly Values[] => {
      const spec = object['spec'] as Values;
      if (kind === 'Pod') return [spec];
      return kind === 'Deployment' ? [(spec['template'] as { readonly spec: Values }).spec] : [];
    });
    return pods.map((pod) => pod['securityContext']);
  };
  const inAll = (context: Values): readonly Values[] => Array.from({ length: 3 }, () => context);

  it('leaves the user and the groups of all pods to a cluster that chooses them', async () => {
    const left = { runAsUser: null, runAsGroup: null, fsGroup: null };
    assert.deepEqual(await render({ podSecurityContext: left }), inAll(RESTRICTED));
  });

  it('keeps what PodSecurity restricted asks for, also where nothing else of the default is known', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'jwt-chart-'));
    await cp(CHART, folder.path, { recursive: true });
    // As --reuse-values sees it after a release whose values.yaml did not have the value.
    const file = join(folder.path, 'values.yaml');
    const text = await readFile(file, 'utf8');
    const earlier = text.replace(/^podSecurityContext:\n(?: .*\n)+/m, '');
    assert.notEqual(earlier, text);
    await writeFile(file, earlier);
    const own = { seccompProfile: { type: 'Localhost', localhostProfile: 'profile.json' } };
    for (const given of [{}, { runAsUser: 1_000_660_000 }, own]) {
      const expected = inAll({ ...RESTRICTED, ...given });
      assert.deepEqual(await render({ podSecurityContext: given }, folder.path), expected);
    }
  });
});
