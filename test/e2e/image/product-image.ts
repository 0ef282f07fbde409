import { join } from 'node:path';
import { PACKAGE_VERSION } from '../../../src/package-version.ts';
import { ControlPlaneError } from '../../controlplane/control-plane-error.ts';
import type { DebianArch } from '../../machine/debian-packages.ts';
import type { Runner } from '../../machine/runner.ts';
import { BASE_IMAGES } from './base-images.ts';

/** The name of the image on the nodes; `doctor` compares its tag with its own version. */
export const PRODUCT_IMAGE = `registry.example/jwt-injector:${PACKAGE_VERSION}`;

/** Where `deploy/release` is called, and with which umask. */
export interface Checkout {
  readonly root: string;
  /** The umask of the caller: octal. */
  readonly umask: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Arguments of `deploy/release`. */
export interface Release {
  readonly checkout: Checkout;
  readonly archs: readonly DebianArch[];
  readonly flags: readonly string[];
  /** The image's name. */
  readonly image?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Builds the image for `archs` with `deploy/release`; resolves to the script's output. */
export async function releaseProduct(
  runWithPackages: Runner,
  { checkout, archs, flags, image = PRODUCT_IMAGE, env = {} }: Release,
): Promise<string> {
  const release = [join(checkout.root, 'deploy/release'), '--as-is', ...flags, image];
  const withUmask = 'umask "$1"; shift; exec "$@"';
  return runWithPackages('sh', ['-c', withUmask, 'sh', checkout.umask, ...release], {
    env: { ...BASE_IMAGES, ARCHITECTURES: archs.join(' '), ...checkout.env, ...env },
  });
}

/**
 * The lines of `deploy/release` with digests, which depend on all bytes of the image. Throws if one of
 * `archs` has none.
 */
export function readDigests(said: string, archs: readonly DebianArch[]): readonly string[] {
  return ['index', ...archs].map((word) => {
    const line = new RegExp(`^${word} +sha256:[0-9a-f]{64}.*$`, 'm').exec(said)?.[0];
    if (line === undefined)
      throw new ControlPlaneError(`deploy/release named no digest of ${word}:\n${said}`);
    return line;
  });
}
