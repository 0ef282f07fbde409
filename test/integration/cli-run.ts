import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { findProgram } from '../controlplane/choose-entry.ts';
import type { Cluster } from '../controlplane/cluster.ts';
import { SHORT_LIVED } from '../controlplane/kubectl.ts';
import { withoutKubeconfig } from '../commands/captured-io.ts';
import type { Command } from '../../src/commands/command.ts';
import { execute } from '../runs/execute.ts';

const ROOT = join(import.meta.dirname, '../..');

/** How a command of jwt-injector ended, with all its output. */
export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs commands with a kubeconfig, and records their output. */
export interface Caller {
  run(command: Command, ...args: readonly string[]): Promise<Outcome>;
}

/** The output of every run, both streams, is appended to `printed`. Printed commands have no kubeconfig. */
export function callAs(kubeconfig: string, printed: string[]): Caller {
  return {
    run: async (command, ...args) => {
      const [out, err]: [string[], string[]] = [[], []];
      const stdin = Readable.from(['']);
      const stdout = { write: (text: string) => out.push(text) };
      const stderr = { write: (text: string) => err.push(text) };
      const code = await command([...args, '--kubeconfig', kubeconfig], { stdin, stdout, stderr });
      printed.push(...out, ...err);
      const text = (parts: readonly string[]) => withoutKubeconfig(parts.join(''), kubeconfig);
      return { code, out: text(out), err: text(err) };
    },
  };
}

/** More things that a reader of the page has: files that the page shows, and other programs, by name. */
export interface Belongings {
  readonly files?: Readonly<Record<string, string>>;
  readonly programs?: Readonly<Record<string, string>>;
}

/** Writes a program `jwt-injector` into a folder, for a PATH. */
export async function writeProgram(folder: string): Promise<void> {
  const text = `#!/bin/sh\nexec ${process.execPath} ${await findProgram()} "$@"\n`;
  await writeFile(join(folder, 'jwt-injector'), text, { mode: 0o755 });
}

/** The environment of an administrator's shell, with home and programs in the folder. */
export function makeEnvironment(cluster: Cluster, folder: string): NodeJS.ProcessEnv {
  return {
    HOME: folder,
    KUBECACHEDIR: join(cluster.folder, 'kubectl-cache'),
    KUBECONFIG: cluster.adminKubeconfig,
    NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
    PATH: `${dirname(cluster.kubectlPath)}:${folder}:${process.env['PATH'] ?? ''}`,
    ...SHORT_LIVED,
  };
}

/**
 * Runs shell lines as their reader would, with the checkout, `kubectl` and `jwt-injector`. Stops at the first
 * line that fails.
 */
export async function runShell(
  cluster: Cluster,
  lines: readonly string[],
  { files = {}, programs = {} }: Belongings = {},
): Promise<string> {
  const folder = await mkdtemp(join(cluster.folder, 'shell-'));
  try {
    await symlink(join(ROOT, 'deploy'), join(folder, 'deploy'));
    for (const [name, path] of Object.entries(programs)) await symlink(path, join(folder, name));
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), content);
    }
    await writeProgram(folder);
    const { stdout, stderr } = await execute('sh', ['-ec', lines.join('\n')], {
      cwd: folder,
      env: makeEnvironment(cluster, folder),
    });
    return `${stdout}${stderr}`;
  } finally {
    await rm(folder, { recursive: true });
  }
}
