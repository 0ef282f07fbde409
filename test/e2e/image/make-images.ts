import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ControlPlaneError } from '../../controlplane/control-plane-error.ts';
import type { DebianArch } from '../../machine/debian-packages.ts';
import type { Reaper } from '../../controlplane/reaper.ts';
import type { Runner } from '../../machine/runner.ts';
import { makeBaseImages } from './base-images.ts';
import { createBuildah } from './buildah.ts';
import { checkEmulated } from './emulated-image.ts';
import { checkLabels } from './image-labels.ts';
import { makePrivateCheckout } from './private-checkout.ts';
import { readDigests, releaseProduct, type Checkout } from './product-image.ts';
import { pushSigned } from './signed-image.ts';
import { makeTestImages } from './test-images.ts';

/** The umask of most users and of CI. */
const USUAL_UMASK = '022';

interface Means {
  /** Path of the checkout. */
  readonly root: string;
  readonly cache: string;
  /** The root of the unpacked Debian packages. */
  readonly packages: string;
  /** The caller removes it. */
  readonly folder: string;
  /** This machine's architecture first. */
  readonly archs: readonly [DebianArch, ...DebianArch[]];
  /** Also sign an image and push it to a registry. */
  readonly signs: boolean;
  readonly run: Runner;
  readonly reaper: Reaper;
  readonly log: (line: string) => void;
}

/**
 * Builds the images of the stories and, twice, the product's image; the second time for a user with a private
 * umask, which must give the same bytes. Resolves to their OCI archives, the product's first.
 */
export async function makeImages(means: Means): Promise<readonly string[]> {
  const { root, cache, packages, folder, archs, signs, run, reaper, log } = means;
  const scratch = join(folder, 'images');
  await mkdir(scratch);
  const runWithPackages = await createBuildah(run, packages, scratch);
  await makeBaseImages({ root, cache, scratch, run, runWithPackages }, archs);
  log('the base images are made');

  const product = join(folder, 'product.tar');
  const release = (checkout: Checkout, archive: string) =>
    releaseProduct(runWithPackages, { checkout, archs, flags: ['--out', archive] });
  const first = readDigests(await release({ root, umask: USUAL_UMASK, env: {} }, product), archs).join('\n');
  const checkout = await makePrivateCheckout(run, root, join(scratch, 'checkout'));
  const again = signs
    ? pushSigned({ checkout, folder: join(folder, 'signing'), archs, run, runWithPackages, reaper })
    : release(checkout, join(folder, 'product-again.tar'));
  const second = readDigests(await again, archs).join('\n');
  if (first !== second)
    throw new ControlPlaneError(`the image is not the same when it is built twice:\n${first}\n${second}`);
  const digests = first.replace(/^/gm, ' '.repeat(13));
  log(`the image was built twice, also with umask ${checkout.umask}, and is the same:\n${digests}`);

  const [hostArch, ...others] = archs;
  for (const arch of others) {
    await checkEmulated(
      { root, cache, folder: join(folder, `emulated-${arch}`), hostArch, run, runWithPackages, reaper },
      arch,
    );
    log(`the image for ${arch} signs and answers, emulated`);
  }

  log(`its labels name ${await checkLabels(run, product, root)}`);
  if (signs) log('it was pushed to a registry, signed with its list of packages, and verified by cosign');

  const testImages = await makeTestImages(runWithPackages, packages, folder);
  await rm(scratch, { recursive: true });
  return [product, ...testImages];
}
