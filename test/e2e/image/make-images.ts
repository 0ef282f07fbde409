import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ControlPlaneError } from '../../controlplane/control-plane-error.ts';
import type { DebianArch } from '../../machine/debian-packages.ts';
import type { Runner } from '../../machine/runner.ts';
import { makeBaseImages } from './base-images.ts';
import { createBuildah } from './buildah.ts';
import { buildProductImage, readDigests } from './product-image.ts';
import { makeTestImages } from './test-images.ts';

interface Means {
  /** The checkout. */
  readonly root: string;
  readonly cache: string;
  /** The root of the unpacked Debian packages. */
  readonly packages: string;
  /** Is the caller's to remove. */
  readonly folder: string;
  readonly archs: readonly DebianArch[];
  readonly run: Runner;
  readonly log: (line: string) => void;
}

/**
 * Builds the product's image twice, which must give the same bytes, and the images of the stories. Resolves to their OCI
 * archives, the product's first.
 */
export async function makeImages(means: Means): Promise<readonly string[]> {
  const { root, cache, packages, folder, archs, run, log } = means;
  const scratch = join(folder, 'images');
  await mkdir(scratch);
  const runWithPackages = await createBuildah(run, packages, scratch);
  await makeBaseImages({ root, cache, scratch, run, runWithPackages }, archs);
  log('the base images are made');

  const product = join(folder, 'product.tar');
  const digests: string[] = [];
  for (const archive of [product, join(folder, 'product-again.tar')]) {
    const said = await buildProductImage(runWithPackages, root, archive, archs);
    digests.push(readDigests(said, archs).join('\n'));
  }
  const [first = '', second] = digests;
  if (first !== second)
    throw new ControlPlaneError(`the image is not the same when it is built twice:\n${digests.join('\n')}`);
  log(`the image was built twice, and is the same:\n${first.replace(/^/gm, ' '.repeat(13))}`);

  const others = await makeTestImages(runWithPackages, packages, folder);
  await rm(scratch, { recursive: true });
  return [product, ...others];
}
