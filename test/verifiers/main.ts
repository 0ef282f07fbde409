import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBinaries, findCacheFolder } from '../controlplane/binaries.ts';
import { startReaper, type Reaper } from '../controlplane/reaper.ts';
import { runScript } from '../controlplane/run-script.ts';
import { unpackPackages } from '../machine/debian-packages.ts';
import { requireMachine } from '../machine/require-machine.ts';
import { createRunner } from '../machine/runner.ts';
import { makeVenv } from './pelicanfs/make-venv.ts';
import { XROOTD_PACKAGES } from './xrootd.ts';

const HELP = `Usage: npm run verifiers -- [FILE...]

Has our tokens judged by what really looks at them: Debian's XRootD with scitokens-cpp, and pelicanfs. A control plane, the
service, an issuer with https and the storage run in a network of their own. Needs Linux, root, Go, and apt-get of Debian or
Ubuntu, and installs nothing: packages of Debian and of PyPI are unpacked into the cache folder. When it ends, and after
Ctrl-C, nothing of it is left on the machine.

FILE is one of test/verifiers/*.test.ts; all of them by default.

Options:
  --help  this text

Exit codes: 0 all passed, 1 a test failed, 2 wrong usage, 3 something outside failed.
`;

/** Debian packages; their dependencies are added. */
const PACKAGES = ['curl', 'iproute2', 'python3-venv', ...XROOTD_PACKAGES];

await runScript({
  forHelp: 'npm run verifiers -- --help',
  help: HELP,
  options: {},
  takesWords: true,
  run: async (_, files) => {
    const unknown = files.find((file) => !file.endsWith('.test.ts') || !existsSync(file));
    if (unknown !== undefined) return `${unknown} is not a file with tests`;
    await requireMachine('real verifiers', []);
    const reaper = await startReaper();
    try {
      return await run(reaper, files);
    } finally {
      await reaper.finish();
    }
  },
});

async function run(reaper: Reaper, files: readonly string[]): Promise<number> {
  await findBinaries();
  const cache = join(findCacheFolder(process.env), 'verifiers');
  const arch = process.arch === 'arm64' ? 'arm64' : 'amd64';
  const unpacked = await unpackPackages({ cache, arch, names: PACKAGES, withDependencies: true });
  const packages = join(unpacked, 'root');
  const venv = await makeVenv(cache, packages, createRunner(reaper));

  const folder = await realpath(await mkdtemp(join(tmpdir(), 'jwt-injector-verifiers-')));
  reaper.remove(folder);
  await chmod(folder, 0o711); // XRootD does not run as root, and reads its own folder in there
  const play = [
    process.execPath,
    join(import.meta.dirname, 'play.ts'),
    `--folder=${folder}`,
    `--venv=${venv}`,
  ];
  const world = spawn(join(import.meta.dirname, 'world.sh'), [packages, ...play, ...files], {
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, TMPDIR: folder },
  });
  if (world.pid !== undefined) reaper.watch(world.pid); // when it is killed, process 1 of the world ends, and all others with it
  const [code] = await once(world, 'exit');
  return typeof code === 'number' ? code : 3;
}
