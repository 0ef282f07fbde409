import { PACKAGE_VERSION } from '../../../src/package-version.ts';
import { ControlPlaneError } from '../../controlplane/control-plane-error.ts';
import type { Runner } from '../../machine/runner.ts';

/**
 * An index or a manifest of an image (OCI image specification), or the configuration that a manifest names.
 */
interface Part {
  readonly manifests?: readonly { readonly digest: string }[];
  readonly config?: { readonly digest?: string; readonly Labels?: Readonly<Record<string, string>> };
}

/**
 * Gives the version and commit in the image of each architecture in an OCI archive. Throws if one differs
 * from ours.
 */
export async function checkLabels(run: Runner, archive: string, root: string): Promise<string> {
  const revision = (
    await run('git', ['-c', `safe.directory=${root}`, '-C', root, 'rev-parse', 'HEAD'])
  ).trim();
  const wanted: Readonly<Record<string, RegExp>> = {
    title: /^jwt-injector$/,
    description: /^Keeps JSON Web Tokens fresh/,
    licenses: /^Apache-2\.0$/,
    version: new RegExp(`^${PACKAGE_VERSION.replaceAll('.', String.raw`\.`)}$`),
    revision: new RegExp(`^${revision}(-changed)?$`),
  };
  const images = await readLabels(run, archive, './index.json');
  if (images.length === 0) throw new ControlPlaneError(`${archive} holds no image`);
  for (const labels of images)
    for (const [name, pattern] of Object.entries(wanted)) {
      const value = labels[`org.opencontainers.image.${name}`] ?? '';
      if (!pattern.test(value))
        throw new ControlPlaneError(`the image’s label ${name} is ${JSON.stringify(value)}, not ${pattern}`);
    }
  return `${PACKAGE_VERSION} of ${revision}`;
}

async function readLabels(
  run: Runner,
  archive: string,
  file: string,
): Promise<readonly Readonly<Record<string, string>>[]> {
  const part = JSON.parse(await run('tar', ['-xOf', archive, file])) as Part;
  const { Labels, digest } = part.config ?? {};
  if (Labels !== undefined) return [Labels];
  const digests = digest === undefined ? (part.manifests ?? []).map((each) => each.digest) : [digest];
  const found = digests.map((each) => readLabels(run, archive, `./blobs/${each.replace(':', '/')}`));
  return (await Promise.all(found)).flat();
}
