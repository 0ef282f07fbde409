import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { KUSTOMIZE, readObjects, renderOverlay, type Overlay } from './rendered.ts';
import { WISHES } from './wishes.ts';

const SEPARATE = 'components/separate';

/**
 * Components that change both Deployments: a controller that is added after them would not get the change.
 */
const CHANGES_BOTH = globSync('components/*/kustomization.yaml', { cwd: KUSTOMIZE })
  .filter((file) => readFileSync(join(KUSTOMIZE, file), 'utf8').includes('name: jwt-injector.*'))
  .map((file) => basename(dirname(file)))
  .toSorted();

/** An overlay with the component, and with its files. */
function overlayWith(component: string): Overlay {
  const wish = Object.values(WISHES).find(
    ({ overlay: { resources, components } }) =>
      resources.includes('default') && components?.includes(`components/${component}`),
  );
  return wish?.overlay ?? { resources: ['default'] };
}

describe('the component separate', () => {
  it('comes before four others', () => {
    assert.deepEqual(CHANGES_BOTH, ['namespaced', 'policy', 'prompt-delivery', 'scaled-elsewhere']);
  });

  for (const component of CHANGES_BOTH) {
    const { resources, files = {} } = overlayWith(component);
    const render = (...components: readonly string[]) =>
      renderOverlay({ resources, files, components: ['components/certificate-files', ...components] });

    it(`after ${component} is an error that names both`, async () => {
      await assert.rejects(
        render(`components/${component}`, SEPARATE),
        new RegExp(`name-separate-before-${component}\\b`),
      );
    });

    it(`before ${component} is correct, and the mark for the order is not sent to the cluster`, async () => {
      const kinds = readObjects(await render(SEPARATE, `components/${component}`)).map(({ kind }) => kind);
      assert.equal(kinds.filter((kind) => kind === 'Deployment').length, 2);
      assert.ok(!kinds.includes('JwtInjectorOrder'));
    });
  }
});
