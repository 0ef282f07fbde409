import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ControlPlaneError } from './control-plane-error.ts';
import { programOf, type ProgramSet } from './program-sets.ts';

/**
 * What to build and how. `key` names the result; it is different if anything is different that could change
 * the result.
 */
export type BuildPlan = {
  readonly moduleFolder: string;
  readonly set: ProgramSet;
  /** Kubernetes' version without the leading v, for example 1.37.2. */
  readonly version: string;
  readonly packages: readonly string[];
  /** Flags for both `go build` and `go list`. */
  readonly flags: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly key: string;
};

const GO_PLATFORMS: Readonly<Record<string, string>> = { linux: 'linux', darwin: 'darwin' };
const GO_ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/** Reads `go.mod` and `go.sum`. Throws a ControlPlaneError on a platform for which nothing can be built. */
export async function planBuild(
  moduleFolder: string,
  platform: string,
  architecture: string,
  set: ProgramSet,
): Promise<BuildPlan> {
  const os = GO_PLATFORMS[platform];
  const arch = GO_ARCHITECTURES[architecture];
  if (os === undefined || arch === undefined) {
    throw new ControlPlaneError(
      `the ${set.what} cannot be built on ${platform}/${architecture}: set KUBEBUILDER_ASSETS to a folder with its programs`,
    );
  }
  const module = await readFile(join(moduleFolder, 'go.mod'), 'utf8');
  const sums = await readFile(join(moduleFolder, 'go.sum'), 'utf8');
  const version = /k8s\.io\/kubernetes v([\d.]+)/.exec(module)?.[1];
  const tools = /^tool \(\n([^)]*)\)/m.exec(module)?.[1];
  if (version === undefined || tools === undefined) throw new Error('go.mod names neither version nor tools');

  const packages = tools
    .split('\n')
    .map((line) => line.trim())
    .filter((path) => set.programs.includes(programOf(path)));
  const flags = ['-trimpath', '-buildvcs=false', `-ldflags=${stampVersion(version)}`];
  const environment = {
    CGO_ENABLED: '0',
    GOOS: os,
    GOARCH: arch,
    GOFLAGS: '-mod=readonly',
    GOTOOLCHAIN: 'local',
    GOWORK: 'off',
  };
  const hash = createHash('sha256').update(JSON.stringify([module, sums, packages, flags, environment]));
  const key = `v${version}-${hash.digest('hex').slice(0, 8)}-${os}-${arch}`;
  return { moduleFolder, set, version, packages, flags, environment, key };
}

/** Without the version stamp a server says v0.0.0-master, which newer versions of kubectl refuse to parse. */
function stampVersion(version: string): string {
  const [major, minor] = version.split('.');
  const values = `gitVersion=v${version} gitMajor=${major} gitMinor=${minor} gitTreeState=clean`.split(' ');
  const packages = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'];
  return ['-s -w', ...packages.flatMap((path) => values.map((value) => `-X ${path}.${value}`))].join(' ');
}
