import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringMember } from '../../src/resources/json.ts';

/** Names under which packages keep the text of their licence, and the notices that Apache-2.0 wants kept. */
const LICENSE_FILE = /^(licen[cs]e|copying|notice)([-.].*)?$/i;

interface Package {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly texts: readonly string[];
}

/**
 * The licences of the packages that the bundled files come from, as a text to ship beside them. Throws for a package
 * that has none: it must not be shipped.
 * @param inputs paths of the bundled files, from `root`
 */
export async function describeLicenses(root: string, inputs: readonly string[]): Promise<string> {
  const folders = new Set(inputs.map(packageFolder).filter((folder) => folder !== undefined));
  const packages = await Promise.all(
    [...folders].toSorted().map((folder) => readPackage(join(root, folder))),
  );
  const title = 'jwt-injector is bundled with the following packages; their licences follow.\n';
  return [title, ...packages.map(describe)].join(`\n${'-'.repeat(80)}\n\n`);
}

/** `node_modules/a/node_modules/@b/c/lib/d.js` belongs to `node_modules/a/node_modules/@b/c`. */
function packageFolder(input: string): string | undefined {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(input)?.[0];
}

async function readPackage(folder: string): Promise<Package> {
  const manifest: unknown = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const [name, version, license] = ['name', 'version', 'license'].map((key) => stringMember(manifest, key));
  const files = (await readdir(folder)).filter((file) => LICENSE_FILE.test(file)).toSorted();
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  if (name === undefined || version === undefined || license === undefined) {
    throw new Error(`${folder} names no licence: it must not be bundled`);
  }
  return { name, version, license, texts };
}

function describe({ name, version, license, texts }: Package): string {
  return [`${name} ${version} (${license})\n`, ...texts.map((text) => `${text.trim()}\n`)].join('\n');
}
