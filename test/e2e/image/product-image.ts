import { join } from 'node:path';
import { PACKAGE_VERSION } from '../../../src/package-version.ts';
import { ControlPlaneError } from '../../controlplane/control-plane-error.ts';
import type { DebianArch } from '../../machine/debian-packages.ts';
import type { Runner } from '../../machine/runner.ts';
import { BASE_IMAGES } from './base-images.ts';

/** The name under which the nodes know the image; `doctor` compares its tag with its own version. */
export const PRODUCT_IMAGE = `registry.example/jwt-injector:${PACKAGE_VERSION}`;

/** Builds the image by `deploy/release` into an OCI archive of `archs`; resolves to what the script said. */
export async function buildProductImage(
  runWithPackages: Runner,
  root: string,
  archive: string,
  archs: readonly DebianArch[],
): Promise<string> {
  return runWithPackages(join(root, 'deploy/release'), ['--as-is', '--out', archive, PRODUCT_IMAGE], {
    env: { ...BASE_IMAGES, ARCHITECTURES: archs.join(' ') },
  });
}

/** The lines of `deploy/release` with digests: they name all bytes of the image. Throws if there is none for one of `archs`. */
export function readDigests(said: string, archs: readonly DebianArch[]): readonly string[] {
  return ['index', ...archs].map((word) => {
    const line = new RegExp(`^${word} +sha256:[0-9a-f]{64}.*$`, 'm').exec(said)?.[0];
    if (line === undefined)
      throw new ControlPlaneError(`deploy/release named no digest of ${word}:\n${said}`);
    return line;
  });
}
