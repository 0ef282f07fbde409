import assert from 'node:assert/strict';
import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { PACKAGE_VERSION } from '../../../src/package-version.ts';
import { execute } from '../../runs/execute.ts';
import { checkLabels } from './image-labels.ts';

const ROOT = join(import.meta.dirname, '../../..');
const run = async (file: string, args: readonly string[]): Promise<string> =>
  (await execute(file, [...args])).stdout;

/** An OCI archive as `deploy/release` writes it, of an image with these labels. */
async function writeArchive(folder: string, labels: Readonly<Record<string, string>>): Promise<string> {
  const [layout, archive] = [join(folder, 'image'), join(folder, 'image.tar')];
  await mkdir(join(layout, 'blobs/sha256'), { recursive: true });
  const named = Object.entries(labels).map(([name, value]) => [`org.opencontainers.image.${name}`, value]);
  const parts = {
    'index.json': { manifests: [{ digest: 'sha256:a' }] },
    'blobs/sha256/a': { manifests: [{ digest: 'sha256:b' }] },
    'blobs/sha256/b': { config: { digest: 'sha256:c' } },
    'blobs/sha256/c': { architecture: 'amd64', config: { Labels: Object.fromEntries(named) } },
  };
  for (const [path, part] of Object.entries(parts)) await writeFile(join(layout, path), JSON.stringify(part));
  await run('tar', ['--create', '--file', archive, '--directory', layout, '--sort=name', '.']);
  return archive;
}

describe('the labels of an image', () => {
  it('are those of its version and commit, or the difference is named', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'jwt-injector-labels-'));
    const revision = (await run('git', ['-C', ROOT, 'rev-parse', 'HEAD'])).trim();
    const labels = {
      title: 'jwt-injector',
      description: 'Keeps JSON Web Tokens fresh in Kubernetes Secrets and injects them into pods',
      licenses: 'Apache-2.0',
      version: PACKAGE_VERSION,
      revision,
    };
    const check = async (changed: Readonly<Record<string, string>>): Promise<string> =>
      checkLabels(run, await writeArchive(folder.path, { ...labels, ...changed }), ROOT);
    assert.equal(await check({}), `${PACKAGE_VERSION} of ${revision}`);
    await check({ revision: `${revision}-changed` });
    await assert.rejects(check({ revision: 'unknown' }), /the image’s label revision is "unknown"/);
    await assert.rejects(check({ version: '9.9.9' }), /label version is "9\.9\.9"/);
  });
});
