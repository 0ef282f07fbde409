import { chmod, mkdtemp, realpath, writeFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBinaries, findCacheFolder, findPrograms } from '../controlplane/binaries.ts';
import { formatTime } from '../controlplane/build-progress.ts';
import { NODE_PROGRAMS } from '../controlplane/program-sets.ts';
import { type Reaper, startReaper } from '../controlplane/reaper.ts';
import { runScript } from '../controlplane/run-script.ts';
import { findGoTool } from '../tools/go-tool.ts';
import { XROOTD_PACKAGES } from '../verifiers/xrootd.ts';
import { findKubeRouter } from './cluster/kube-router.ts';
import { makeImages } from './image/make-images.ts';
import { makeCgroups } from './machine/cgroups.ts';
import { type DebianArch, unpackPackages } from '../machine/debian-packages.ts';
import { requireMachine } from '../machine/require-machine.ts';
import { createRunner } from '../machine/runner.ts';
import { STORIES } from './stories/all.ts';

const ROOT = join(import.meta.dirname, '../..');
const STORY_NAMES = STORIES.map(({ name }) => name).join(', ');

const HELP = `Usage: npm run e2e -- [options]

Tries the product as it is shipped, on two real nodes: builds the image from the Dockerfile, starts a control plane and two
nodes (kubelet, containerd, kube-proxy) in namespaces of their own, installs the chart, and lives through what users and
admins do. Needs Linux, root, Go, and apt-get of Debian or Ubuntu, and installs nothing: packages are unpacked into the cache
folder. When it ends, and after Ctrl-C, nothing of it is left on the machine.

Options:
  --short        the form that CI runs: fewer pods, fewer disturbances
  --only STORY   one of ${STORY_NAMES}
  --stay         leave the cluster running after the stories, until Ctrl-C
  --help         this text

Exit codes: 0 all held, 1 a story failed, 2 wrong usage, 3 something outside failed.
`;

/** Packages to run the nodes, to build the image, and for the storage of one story. */
const PACKAGES = [
  'buildah',
  'busybox-static',
  'containerd',
  'containernetworking-plugins',
  'dnsmasq-base',
  'iproute2',
  'ipset',
  'iptables',
  'nftables',
  'procps',
  'runc',
  ...XROOTD_PACKAGES,
];

await runScript({
  forHelp: '--help',
  help: HELP,
  options: { short: { type: 'boolean' }, only: { type: 'string' }, stay: { type: 'boolean' } },
  run: async ({ short = false, only, stay = false }) => {
    if (only !== undefined && !STORIES.some(({ name }) => name === only))
      return `--only is ${JSON.stringify(only)}, but it must be one of ${STORY_NAMES}`;
    await requireMachine('real nodes', ['git', 'npm', 'tar']);
    const flags = [
      ...(short ? ['--short'] : []),
      ...(stay ? ['--stay'] : []),
      ...(only === undefined ? [] : [`--only=${only}`]),
    ];
    const reaper = await startReaper();
    try {
      const isWhole = !short && only === undefined;
      return await run(reaper, { otherArchs: short ? [] : ['amd64', 'arm64'], signs: isWhole }, flags);
    } finally {
      await reaper.finish();
    }
  },
});

async function run(
  reaper: Reaper,
  { otherArchs, signs }: { readonly otherArchs: readonly DebianArch[]; readonly signs: boolean },
  flags: readonly string[],
): Promise<number> {
  const started = Date.now();
  const log = (line: string) => console.log(`${formatTime(Date.now() - started).padStart(11)}  ${line}`);
  await findBinaries();
  await findPrograms(NODE_PROGRAMS);
  await findGoTool(join(ROOT, 'test/tools/helm'));
  await findKubeRouter();
  log('control plane, node programs, helm and kube-router are built');
  const cache = join(findCacheFolder(process.env), 'e2e');
  const arch = process.arch === 'arm64' ? 'arm64' : 'amd64';
  const packages = join(
    await unpackPackages({ cache, arch, names: PACKAGES, withDependencies: true }),
    'root',
  );
  log('the Debian packages are unpacked');

  const folder = await realpath(await mkdtemp(join(tmpdir(), 'jwt-injector-e2e-')));
  reaper.remove(folder);
  await chmod(folder, 0o711); // XRootD does not run as root, and reads its own folder in there
  const runner = createRunner(reaper);
  const archs = [arch, ...otherArchs.filter((other) => other !== arch)] as const;
  const means = { root: ROOT, cache, packages, folder, reaper, run: runner, log };
  const archives = await makeImages({ ...means, archs, signs });

  const cgroups = await makeCgroups(`jwt-injector-e2e-${process.pid}`);
  for (const cgroup of cgroups) reaper.remove(cgroup);
  await writeFile(join(folder, 'cgroups'), `${cgroups.join('\n')}\n`);
  const world = spawn(
    join(import.meta.dirname, 'machine/world.sh'),
    [
      folder,
      packages,
      process.execPath,
      join(import.meta.dirname, 'play.ts'),
      `--folder=${folder}`,
      `--started=${started}`,
      ...flags,
      ...archives,
    ],
    { detached: true, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, TMPDIR: folder } },
  );
  if (world.pid !== undefined) reaper.watch(world.pid); // when it is killed, process 1 of the world ends, and all others with it
  const [code] = await once(world, 'exit');
  return typeof code === 'number' ? code : 3;
}
