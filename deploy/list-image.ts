import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/*
 * Prints digest and compressed size of the image of each architecture in an OCI layout, for deploy/release:
 * node deploy/list-image.ts FOLDER (https://github.com/opencontainers/image-spec/blob/main/image-layout.md).
 */
interface Descriptor {
  readonly digest: string;
  readonly size: number;
  readonly mediaType: string;
  readonly platform?: { readonly architecture: string };
}

interface Manifest {
  readonly manifests?: readonly Descriptor[];
  readonly layers?: readonly Descriptor[];
}

const [folder = '.'] = process.argv.slice(2);

async function read(path: string): Promise<Manifest> {
  const manifest: Manifest = JSON.parse(await readFile(join(folder, path), 'utf8'));
  return manifest;
}

async function list({ manifests = [] }: Manifest): Promise<void> {
  for (const { digest, platform } of manifests) {
    const content = await read(join('blobs', digest.replace(':', '/')));
    const bytes = content.layers?.reduce((sum, { size }) => sum + size, 0);
    if (bytes === undefined) await list(content);
    else console.log(`${(platform?.architecture ?? '?').padEnd(9)} ${digest} ${(bytes / 1e6).toFixed(1)} MB`);
  }
}

await list(await read('index.json'));
