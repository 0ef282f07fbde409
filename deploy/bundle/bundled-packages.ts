import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringMember } from '../../src/resources/json.ts';

/** Names under which packages keep the text of their licence, and the notices that Apache-2.0 wants kept. */
const LICENSE_FILE = /^(licen[cs]e|copying|notice)([-.].*)?$/i;

/** A package of npm that the bundle holds something of. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  /** The texts of the licence and of its notices. */
  readonly texts: readonly string[];
}

/**
 * The packages that the bundled files come from, by name. Throws for a package without a licence: it must not be shipped.
 * @param inputs paths of the bundled files, from `root`
 */
export async function listBundledPackages(
  root: string,
  inputs: readonly string[],
): Promise<readonly BundledPackage[]> {
  const folders = new Set(inputs.map(packageFolder).filter((folder) => folder !== undefined));
  return Promise.all([...folders].toSorted().map((folder) => readPackage(join(root, folder))));
}

/** `node_modules/a/node_modules/@b/c/lib/d.js` belongs to `node_modules/a/node_modules/@b/c`. */
function packageFolder(input: string): string | undefined {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(input)?.[0];
}

async function readPackage(folder: string): Promise<BundledPackage> {
  const manifest: unknown = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const [name, version, license] = ['name', 'version', 'license'].map((key) => stringMember(manifest, key));
  const files = (await readdir(folder)).filter((file) => LICENSE_FILE.test(file)).toSorted();
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  if (name === undefined || version === undefined || license === undefined) {
    throw new Error(`${folder} names no licence: it must not be bundled`);
  }
  return { name, version, license, texts };
}
