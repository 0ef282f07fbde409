import { dirname } from 'node:path';
import { findBinaries } from './binaries.ts';
import { type ControlPlaneOptions, startControlPlane } from './control-plane.ts';
import { runScript } from './run-script.ts';

const HELP = `Usage: npm run controlplane -- [options]

Starts a real Kubernetes control plane (etcd, kube-apiserver, kube-controller-manager; no nodes) on a
loopback port and leaves it running until Ctrl-C. The first run builds it from source (about 8 minutes).

Options:
  --emulated-version MINOR  behave as an older minor, for example 1.34
  --build-only              only build or find the programs, and print their folder
  --help                    this text

Environment:
  KUBEBUILDER_ASSETS        a folder with etcd, kube-apiserver, kube-controller-manager and kubectl,
                            used instead of building them
  JWT_INJECTOR_CACHE        where they are built and kept (default: jwt-injector in the user's cache folder)
  KUBEBUILDER_CONTROLPLANE_START_TIMEOUT
                            how long to wait for each component (default 60s)

Exit codes: 0 done, 1 a bug, 2 wrong usage, 3 something outside failed.
`;

await runScript({
  forHelp: '--help',
  help: HELP,
  options: { 'emulated-version': { type: 'string' }, 'build-only': { type: 'boolean' } },
  run: async ({ 'emulated-version': version, 'build-only': buildOnly }) => {
    if (version !== undefined && !/^1\.\d+$/.test(version)) {
      return `--emulated-version is ${JSON.stringify(version)}, but it must be a minor like 1.34`;
    }
    if (buildOnly === true) console.log(dirname((await findBinaries()).kubectl));
    else await serve(version);
    return 0;
  },
});

function log(line: string): void {
  console.error(line);
}

async function serve(emulatedVersion: string | undefined): Promise<void> {
  const interrupted = Promise.withResolvers<void>();
  const options: ControlPlaneOptions = emulatedVersion === undefined ? { log } : { log, emulatedVersion };
  await using controlPlane = await startControlPlane(options);
  // Not earlier: during the start Node's own reaction is faster, and the reaper cleans up in both cases.
  process.once('SIGINT', interrupted.resolve).once('SIGTERM', interrupted.resolve);
  const { url, adminKubeconfig, kubectlPath } = controlPlane;
  console.log(`The control plane runs at ${url} until Ctrl-C; its admin's kubeconfig: ${adminKubeconfig}`);
  console.log(`Copy into another terminal:\n`);
  console.log(`  export KUBECONFIG=${adminKubeconfig}\n  alias kubectl=${kubectlPath}\n`);
  const alive = setInterval(() => {}, 3_600_000); // signal handlers alone do not keep Node alive
  await interrupted.promise;
  clearInterval(alive);
  console.error('Stopping; press Ctrl-C again to leave at once.');
}
