import { createHash } from 'node:crypto';
import { access, cp, mkdir, readdir, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { ControlPlaneError } from '../controlplane/control-plane-error.ts';
import { execute } from '../runs/execute.ts';

/** Debian's names of the architectures for which there are builds of Node. */
export type DebianArch = 'amd64' | 'arm64';

/** How packages are fetched, without using the machine's own apt files. */
interface Packages {
  /** Folder for lists of packages and unpacked packages; it is kept. */
  readonly cache: string;
  readonly arch: DebianArch;
  readonly names: readonly string[];
  /** Include dependencies that the machine does not have already. */
  readonly withDependencies: boolean;
}

/** On a merged /usr these are links into it; packages of older Debians still have files in them. */
const OUTSIDE_USR = ['bin', 'sbin', 'lib'];

/**
 * Unpacks Debian packages into a folder in the cache, whose name depends on their versions, and resolves to
 * it. Nothing is installed, and apt keeps its lists in the cache, too: the machine is not changed. Throws a
 * ControlPlaneError if apt or a package is missing.
 */
export async function unpackPackages(packages: Packages): Promise<string> {
  const { cache, arch } = packages;
  const apt = createApt(join(cache, `apt-${arch}`), arch);
  try {
    await mkdir(join(cache, `apt-${arch}`, 'lists', 'partial'), { recursive: true });
    await apt(['update', '-qq'], cache);
    const versions = await resolve(packages, apt);
    const key = createHash('sha256').update(JSON.stringify(versions)).digest('hex').slice(0, 12);
    const folder = join(cache, `packages-${arch}-${key}`);
    if (await exists(folder)) return folder;
    const unfinished = `${folder}.${process.pid}`;
    try {
      await unpack(versions, unfinished, apt);
      await rename(unfinished, folder);
    } finally {
      await rm(unfinished, { recursive: true, force: true });
    }
    return folder;
  } catch (error) {
    if (error instanceof ControlPlaneError) throw error;
    const words = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
    throw new ControlPlaneError(
      `cannot get ${packages.names.join(', ')} of Debian or Ubuntu by apt-get: ${words}`,
      { cause: error },
    );
  }
}

type Apt = (args: readonly string[], cwd: string) => Promise<string>;

function createApt(state: string, arch: DebianArch): Apt {
  const settings = {
    'Dir::State::lists': join(state, 'lists'),
    'Dir::Cache': join(state, 'cache'),
    'APT::Architecture': arch,
    'APT::Architectures': arch,
    'APT::Sandbox::User': 'root', // the user _apt cannot write here
    'Acquire::Retries': '3',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  return async (args, cwd) => {
    const env = { ...process.env, LC_ALL: 'C' };
    return (await execute('apt-get', [...options, ...args], { cwd, env, maxBuffer: 16 * 1024 ** 2 })).stdout;
  };
}

/** `NAME=VERSION` of each package to fetch. */
async function resolve({ names, withDependencies, cache }: Packages, apt: Apt): Promise<readonly string[]> {
  if (withDependencies) {
    const plan = await apt(['-s', 'install', '--no-install-recommends', ...names], cache);
    return [...plan.matchAll(/^Inst (\S+) (?:\[\S+\] )?\((\S+)/gm)].map(
      ([, name, version]) => `${name}=${version}`,
    );
  }
  const addresses = await apt(['download', '--print-uris', '-qq', ...names], cache);
  return [...addresses.matchAll(/ (\S+)_(\S+)_\w+\.deb /g)].map(
    ([, name, version = '']) => `${name}=${decodeURIComponent(version)}`,
  );
}

async function unpack(versions: readonly string[], folder: string, apt: Apt): Promise<void> {
  const archives = join(folder, 'archives');
  const root = join(folder, 'root');
  await mkdir(archives, { recursive: true });
  await mkdir(join(root, 'usr'), { recursive: true });
  if (versions.length > 0) await apt(['download', '-qq', ...versions], archives);
  for (const archive of await readdir(archives))
    await execute('dpkg-deb', ['-x', join(archives, archive), root]);
  await rm(archives, { recursive: true });
  for (const name of OUTSIDE_USR) {
    const place = join(root, name);
    if (!(await exists(place))) continue;
    await cp(place, join(root, 'usr', name), { recursive: true, verbatimSymlinks: true });
    await rm(place, { recursive: true });
    await symlink(`usr/${name}`, place);
  }
}

/** True if there is a file or folder. */
export function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
