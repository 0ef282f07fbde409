import { constants } from 'node:fs';
import { access, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { planBuild } from './build-plan.ts';
import type { ProgressStream } from './build-progress.ts';
import { waitForLock } from './cache-lock.ts';
import { ControlPlaneError } from './control-plane-error.ts';
import { buildPrograms } from './go-build.ts';
import { identifyProcess, mayBeAlive } from './process-identity.ts';
import { CONTROL_PLANE, type ProgramSet } from './program-sets.ts';
import { startReaper } from './reaper.ts';

/** Absolute paths of the programs of one set. */
export type Programs<P extends string> = Readonly<Record<P, string>>;

/** Absolute paths of the programs of one control plane. */
export type Binaries = Programs<(typeof CONTROL_PLANE.programs)[number]>;

/**
 * Finds the control plane in `$KUBEBUILDER_ASSETS` (the envtest convention), else as `findPrograms` does.
 * Throws a ControlPlaneError that says how to get it.
 */
export async function findBinaries(
  environment: NodeJS.ProcessEnv = process.env,
  stream: ProgressStream = process.stderr,
): Promise<Binaries> {
  const assets = environment['KUBEBUILDER_ASSETS'];
  if (assets) {
    const missing = await listMissing(assets, CONTROL_PLANE);
    if (missing.length === 0) return locate(assets, CONTROL_PLANE);
    throw new ControlPlaneError(
      `KUBEBUILDER_ASSETS is ${assets}, but there is no executable ${missing.join(', ')} in it: add what is missing (envtest archives lack kube-controller-manager), or unset it to have all four built from source`,
    );
  }
  return findPrograms(CONTROL_PLANE, environment, stream);
}

/**
 * Finds the programs of a set in our cache folder, else builds them there, which takes minutes the first
 * time. A half-finished build is removed even if this process is killed. Throws a ControlPlaneError that says
 * how to get the programs.
 */
export async function findPrograms<P extends string>(
  set: ProgramSet<P>,
  environment: NodeJS.ProcessEnv = process.env,
  stream: ProgressStream = process.stderr,
): Promise<Programs<P>> {
  const plan = await planBuild(import.meta.dirname, process.platform, process.arch, set);
  const cache = join(findCacheFolder(environment), 'controlplane');
  const folder = join(cache, plan.key);
  if ((await listMissing(folder, set)).length === 0) return locate(folder, set);

  const reaper = await startReaper();
  try {
    // The reaper is the owner of lock and folder: it lives until both are removed, however this process ends.
    const owner = identifyProcess(reaper.pid);
    const temporary = `${folder}.building-${owner}`;
    const lock = `${folder}.lock`;
    await mkdir(cache, { recursive: true });
    reaper.remove(temporary);
    await waitForLock(lock, owner, (holder) => {
      stream.write(`Waiting for another build of the ${set.what} (${holder}) in ${cache}\n`);
    });
    reaper.remove(lock);
    if ((await listMissing(folder, set)).length === 0) return locate(folder, set);
    await removeLeftovers(cache);
    const bin = await buildPrograms({ plan, environment, reaper, temporary }, stream);
    await rm(folder, { recursive: true, force: true }); // an incomplete one: someone has changed it
    await rename(bin, folder);
    stream.write(`Built: the ${set.what} in ${folder}, which is kept\n`);
    return locate(folder, set);
  } catch (error) {
    throw explainCacheFault(error, cache);
  } finally {
    await reaper.finish();
  }
}

/** The folder with the programs that were built: see `JWT_INJECTOR_CACHE`. */
export function findCacheFolder(environment: NodeJS.ProcessEnv): string {
  const base = environment['XDG_CACHE_HOME'] || join(environment['HOME'] || homedir(), '.cache');
  return environment['JWT_INJECTOR_CACHE'] || join(base, 'jwt-injector');
}

function locate<P extends string>(folder: string, { programs }: ProgramSet<P>): Programs<P> {
  return Object.fromEntries(programs.map((program) => [program, join(folder, program)])) as Programs<P>;
}

async function listMissing(folder: string, { programs }: ProgramSet): Promise<string[]> {
  const checks = programs.map(async (program) => {
    const found = access(join(folder, program), constants.X_OK);
    return found.then(
      () => [],
      () => [program],
    );
  });
  return (await Promise.all(checks)).flat();
}

/** Removes the folders of builds whose reaper was killed, too. */
async function removeLeftovers(cache: string): Promise<void> {
  for (const name of await readdir(cache)) {
    const [, owner] = /\.building-(.+)$/.exec(name) ?? [];
    if (owner !== undefined && !mayBeAlive(owner))
      await rm(join(cache, name), { recursive: true, force: true });
  }
}

function explainCacheFault(error: unknown, cache: string): unknown {
  if (!(error instanceof Error && 'code' in error && 'syscall' in error)) return error;
  return new ControlPlaneError(
    `cannot use the cache folder ${cache} (${error.message}): set JWT_INJECTOR_CACHE to a folder with 1 GB to spare`,
    { cause: error },
  );
}
