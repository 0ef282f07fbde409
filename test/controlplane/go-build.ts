import { spawn } from 'node:child_process';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { BuildPlan } from './build-plan.ts';
import { type ProgressStream, showProgress } from './build-progress.ts';
import { ControlPlaneError } from './control-plane-error.ts';
import type { Reaper } from './reaper.ts';

const MIN_GO = [1, 26] as const; // what k8s.io/kubernetes 1.37 says in its go.mod
const SHOWN_LINES = 12;
const PACKAGE = /^[\w./~+-]+$/; // with -v, one line per package that is not in Go's cache
const DOWNLOAD = /^go: downloading /;
const REMEDY =
  'Install Go 1.26 or newer (go.dev/doc/install), or set KUBEBUILDER_ASSETS to a folder that holds etcd, kube-apiserver, kube-controller-manager and kubectl.';

type Shell = { plan: BuildPlan; environment: NodeJS.ProcessEnv; reaper: Reaper; temporary: string };

/**
 * Builds the programs of the plan into `<temporary>/bin`, which belongs to the caller; `reaper` watches the
 * compilers. Throws a ControlPlaneError if Go is missing or too old, or with the last lines that Go printed.
 */
export async function buildPrograms(shell: Shell, stream: ProgressStream): Promise<string> {
  const { set } = shell.plan;
  await requireGo(shell);
  stream.write(
    `Building the Kubernetes ${shell.plan.version} ${set.what} from source, once: ${set.costs}.\n`,
  );
  const bin = join(shell.temporary, 'bin');
  await mkdir(bin, { recursive: true });
  await mkdir(join(shell.temporary, 'work'));
  const progress = showProgress(stream);
  try {
    let downloads = 0;
    progress.set('reading modules', 0, 0);
    const stale = await runGo(
      shell,
      ['list', ...shell.plan.flags, '-deps', '-f={{if .Stale}}{{.ImportPath}}{{end}}'],
      (line) => {
        if (!DOWNLOAD.test(line)) return;
        downloads += 1;
        progress.set(`downloading modules (${downloads} so far)`, 0, 0);
      },
    );
    const total = stale.split('\n').filter((line) => line !== '').length;
    let begun = 0;
    await runGo(shell, ['build', '-v', ...shell.plan.flags, `-o=${bin}/`], (line) => {
      if (PACKAGE.test(line)) begun += 1;
      progress.set('compiling', begun, total);
    });
  } finally {
    progress.end();
  }
  if (set.programs.includes('etcd')) await rename(join(bin, 'server'), join(bin, 'etcd')); // see programOf
  return bin;
}

async function requireGo(shell: Shell): Promise<void> {
  const version = await runGo({ ...shell, plan: { ...shell.plan, packages: [] } }, ['version'], () => {});
  const [, major, minor] = /go version go(\d+)\.(\d+)/.exec(version) ?? [];
  if (major === undefined) return; // a development version
  if (Number(major) > MIN_GO[0] || Number(minor) >= MIN_GO[1]) return;
  throw new ControlPlaneError(
    `cannot build the ${shell.plan.set.what}: the go on PATH is ${major}.${minor}, Kubernetes needs ${MIN_GO.join('.')} or newer. ${REMEDY}`,
  );
}

/**
 * Waits for a line before it becomes Go: until then the reaper might not know the process, and we could be
 * killed at any moment.
 */
const BECOME_GO = 'read -r line && exec go "$@"';

/** Exit code of a shell that does not find the program. */
const NOT_FOUND = 127;

/** Resolves to the standard output of Go; `onLine` is called with each line of its standard error. */
async function runGo(shell: Shell, args: readonly string[], onLine: (line: string) => void): Promise<string> {
  const { plan, environment, reaper, temporary } = shell;
  const go = spawn('/bin/sh', ['-c', BECOME_GO, 'go', ...args, ...plan.packages], {
    cwd: plan.moduleFolder,
    detached: true, // a process group of its own: killing it also kills the compilers
    env: { ...environment, ...plan.environment, GOTMPDIR: join(temporary, 'work') },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  if (go.pid !== undefined) reaper.watch(-go.pid);
  go.stdin.on('error', () => {}); // Go has ended; that is reported below
  go.stdin.end('\n');
  const last: string[] = [];
  createInterface(go.stderr).on('line', (line) => {
    onLine(line);
    if (PACKAGE.test(line) || DOWNLOAD.test(line)) return;
    last.push(line);
    if (last.length > SHOWN_LINES) last.shift();
  });
  const output: string[] = [];
  go.stdout.setEncoding('utf8').on('data', (text: string) => output.push(text));
  const ended = Promise.withResolvers<number | string>();
  go.on('error', ended.reject);
  go.on('close', (code, signal) => ended.resolve(code ?? signal ?? 'unknown'));
  const end = await ended.promise;
  if (go.pid !== undefined) reaper.forget(-go.pid);
  if (end === 0) return output.join('');
  if (end === NOT_FOUND)
    throw new ControlPlaneError(`cannot build the ${plan.set.what}: there is no go on PATH. ${REMEDY}`);
  const said = last.join('\n  ');
  throw new ControlPlaneError(
    `building the ${plan.set.what} failed: go ${args[0]} ended with ${end}; it said last:\n  ${said}\n${adviseOn(said)}`,
  );
}

function adviseOn(said: string): string {
  if (said.includes('no space left on device')) {
    return 'Free about 6 GB, or move the caches to a larger disk: GOCACHE, GOMODCACHE and JWT_INJECTOR_CACHE name their folders.';
  }
  if (
    /dial tcp|lookup|proxyconnect|i\/o timeout|TLS handshake|connection refused|\b(403|404|410|50\d) /.test(
      said,
    )
  ) {
    return 'Go could not download its modules: see the network, and what "go env GOPROXY" names. What is complete is kept; run it again.';
  }
  return REMEDY;
}
