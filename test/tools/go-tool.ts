import { createHash } from 'node:crypto';
import { access, constants, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { findCacheFolder } from '../controlplane/binaries.ts';
import { waitForLock } from '../controlplane/cache-lock.ts';
import { identifyProcess } from '../controlplane/process-identity.ts';
import { execute } from '../runs/execute.ts';

/**
 * As for the control plane: no C compiler, no other Go than the one on PATH, no module that go.sum does not
 * name.
 */
const ENVIRONMENT = { CGO_ENABLED: '0', GOFLAGS: '-mod=readonly', GOTOOLCHAIN: 'local', GOWORK: 'off' };

/** The tool of a module, and how it is built. */
export interface GoToolChoice {
  /** The last part of its path; default: the only tool. */
  readonly name?: string;
  /** Build tags for `go build`. */
  readonly tags?: readonly string[];
}

/**
 * The path of a Go tool that the module in `folder` (absolute, with go.mod and go.sum) declares: from the
 * cache folder, which CI keeps, else built there, usually in half a minute. Throws an error that says what is
 * missing and how to get it.
 */
export async function findGoTool(
  folder: string,
  environment: NodeJS.ProcessEnv = process.env,
  { name: wanted, tags = [] }: GoToolChoice = {},
): Promise<string> {
  const module = await readFile(join(folder, 'go.mod'), 'utf8');
  const sums = await readFile(join(folder, 'go.sum'), 'utf8');
  const tools = [...module.matchAll(/^tool (\S+)$/gm)].map(([, tool = '']) => tool);
  const tool = tools.find((one) => wanted === undefined || one.endsWith(`/${wanted}`));
  if (tool === undefined) throw new Error(`${join(folder, 'go.mod')} declares no tool ${wanted ?? ''}`);
  const name = tool.slice(tool.lastIndexOf('/') + 1);
  const inputs = [module, sums, process.platform, process.arch, ...tags];
  const key = createHash('sha256').update(JSON.stringify(inputs));
  const path = join(findCacheFolder(environment), 'tools', `${name}-${key.digest('hex').slice(0, 8)}`);
  if (await isExecutable(path)) return path;

  const build = { tool, path, folder, tags, environment };
  const running = runningBuilds.get(path) ?? buildOnce(build).finally(() => runningBuilds.delete(path));
  runningBuilds.set(path, running);
  try {
    await running;
  } catch (error) {
    throw new Error(`cannot build ${name}: ${explain(error)}`, { cause: error });
  }
  return path;
}

/** Builds of this process, by the path of the program. */
const runningBuilds = new Map<string, Promise<void>>();

interface Build {
  readonly tool: string;
  /** Path of the program. */
  readonly path: string;
  readonly folder: string;
  readonly tags: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
}

/** Builds the program unless another process does: a build uses all processors for half a minute or more. */
async function buildOnce({ tool, path, folder, tags, environment }: Build): Promise<void> {
  const owner = identifyProcess(process.pid);
  const [lock, unfinished] = [`${path}.lock`, `${path}.${owner}`];
  await mkdir(dirname(path), { recursive: true });
  await waitForLock(lock, owner, (holder) => {
    process.stderr.write(`Waiting for another build of ${path} (${holder})\n`);
  });
  try {
    if (await isExecutable(path)) return;
    await execute(
      'go',
      ['build', '-trimpath', '-buildvcs=false', `-tags=${tags.join()}`, '-o', unfinished, tool],
      { cwd: folder, env: { ...environment, ...ENVIRONMENT } },
    );
    await rename(unfinished, path);
  } finally {
    await rm(unfinished, { force: true });
    await rm(lock, { force: true });
  }
}

function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && error.code === 'ENOENT'
    ? 'there is no go on PATH. Install Go 1.26 or newer (go.dev/doc/install)'
    : error.message;
}
