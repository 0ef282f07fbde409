import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtempDisposable, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { findBinaries } from '../controlplane/binaries.ts';
import { parseConfig } from '../../src/config/config.ts';
import { execute } from '../runs/execute.ts';
import { openHelm } from './helm.ts';
import { readObjects, type Rendered } from './rendered.ts';

const ROOT = join(import.meta.dirname, '../..');
const MIGRATION = 'docs/migration.md';
const PAGES = ['docs/install.md', 'docs/certificates.md', MIGRATION, 'docs/monitoring.md'];

interface Block {
  readonly section: string;
  readonly path: string;
  readonly text: string;
}

/** Files that a page shows, by the path in their first line. */
function filesOf(page: string): readonly Block[] {
  const sections = readFileSync(join(ROOT, page), 'utf8').split(/^(?=#{2,} )/m);
  return sections.flatMap((section) =>
    [...section.matchAll(/^```yaml\n# (\S+\.yaml)\n([\s\S]*?)^```/gm)].map(([, path = '', text = '']) => ({
      section: section.split('\n', 1)[0] ?? '',
      path,
      text,
    })),
  );
}

async function render(files: readonly Block[], folder: string): Promise<readonly Rendered[]> {
  await using home = await mkdtempDisposable(join(tmpdir(), 'jwt-injector-overlay-'));
  await symlink(join(ROOT, 'deploy'), join(home.path, 'deploy'));
  for (const { path, text } of files) {
    await mkdir(dirname(join(home.path, path)), { recursive: true });
    await writeFile(join(home.path, path), text);
  }
  const { kubectl } = await findBinaries();
  return readObjects((await execute(kubectl, ['kustomize', join(home.path, folder)])).stdout);
}

describe('the overlays on the pages', () => {
  for (const page of PAGES) {
    const blocks = filesOf(page);
    // A kustomization that others of its section use is rendered together with them.
    const tops = blocks.filter(
      ({ path }) => path.split('/').length === 2 && path.endsWith('/kustomization.yaml'),
    );

    for (const { section, path, text } of tops) {
      it(`${page}, ${section}: ${path} renders, with an image of the reader’s registry`, async () => {
        const beside = blocks.filter((block) => block.section === section && block.path !== path);
        const objects = await render([...beside, { section, path, text }], dirname(path));
        const images = objects
          .filter(({ kind }) => kind === 'Deployment')
          .map(({ metadata, ...rest }) => {
            const found = [...JSON.stringify(rest).matchAll(/"image":"([^"]*)"/g)].map(
              ([, image = '']) => image,
            );
            return [metadata.name, [...new Set(found)].map((image) => image.split(':')[0])];
          });
        assert.ok(images.length > 0);
        for (const [name, found] of images)
          assert.deepEqual(found, ['registry.example.org/jwt-injector'], String(name));
      });
    }
  }
});

describe('the namespace of keys without a namespace, after token-manager', () => {
  /** The namespace in which the controller of the Deployment looks for the old objects. */
  function legacyNamespaceIn(objects: readonly Rendered[]): string | undefined {
    const deployment = objects.find(({ kind }) => kind === 'Deployment');
    assert.ok(deployment !== undefined);
    const { template } = deployment['spec'] as {
      template: { spec: { containers: { args: string[] }[] } };
    };
    const configs = template.spec.containers.map(({ args }) => parseConfig(args.slice(1), {}));
    assert.ok(
      configs.every(({ ok }) => ok),
      JSON.stringify(configs),
    );
    const [config] = configs;
    return config?.ok === true ? config.value.controller?.legacyKeyNamespace : undefined;
  }

  it('is set with kustomize by the patch on the page', async () =>
    assert.equal(legacyNamespaceIn(await render(filesOf(MIGRATION), 'my-cluster')), 'default'));

  it('is set with Helm by the value on the page', async () => {
    await using helm = await openHelm();
    const [, value = ''] =
      /--set '(extraArgs=[^']+)'/.exec(readFileSync(join(ROOT, MIGRATION), 'utf8')) ?? [];
    assert.equal(legacyNamespaceIn(readObjects(await helm.render({}, '--set', value))), 'default');
  });
});

describe('the commands that build an image', () => {
  it('bundle first, as the image has the bundle that npm ci made', () => {
    for (const page of ['README.md', 'docs/install.md']) {
      const builds = [...readFileSync(join(ROOT, page), 'utf8').matchAll(/^\$ (.*docker build.*)$/gm)];
      assert.ok(builds.length > 0, page);
      for (const [, command] of builds) assert.match(command ?? '', /^npm ci && docker build /);
    }
  });
});
