import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { BundledPackage } from './bundled-packages.ts';

/** What `npm sbom` writes (https://cyclonedx.org/docs/1.5/json), as far as it is read here. */
interface Sbom {
  readonly metadata: { readonly component: Component; readonly timestamp?: string };
  readonly serialNumber?: string;
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

interface Component {
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version: string;
}

const run = promisify(execFile);

/** Within `npm install --global .` this npm would look for the lock file where global packages are. */
const OF_THE_CHECKOUT = ['--global=false', '--location=project'];
const FLAGS = ['--sbom-format=cyclonedx', '--package-lock-only', ...OF_THE_CHECKOUT];

/**
 * The software bill of materials (CycloneDX 1.5, JSON) of the bundled packages, each with the hash that the lock file in
 * `root` has for it. The same lock file and npm give the same text: what npm makes up each time (serial number, time of
 * day, the name of the folder) is left out.
 */
export async function describePackages(
  root: string,
  product: string,
  packages: readonly BundledPackage[],
): Promise<string> {
  const { stdout } = await run('npm', ['sbom', ...FLAGS], {
    cwd: root,
    maxBuffer: 64 * 1024 ** 2,
  });
  const { serialNumber: _serial, metadata, ...all }: Sbom = JSON.parse(stdout);
  const { timestamp: _time, component, ...rest } = metadata;

  const components = packages.map(({ name, version }) => {
    const found = all.components.find((one) => one.name === name && one.version === version);
    if (found === undefined) throw new Error(`${name} ${version} is bundled, but not in package-lock.json`);
    return found;
  });
  const refs = new Set([component, ...components].map((one) => one['bom-ref']));
  const dependencies = all.dependencies
    .filter(({ ref }) => refs.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((other) => refs.has(other)) }));
  const itself = { ...component, name: product, type: 'application' };
  const sbom = { ...all, metadata: { ...rest, component: itself }, components, dependencies };
  return `${JSON.stringify(sbom, null, 2)}\n`;
}
