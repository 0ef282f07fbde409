import { copyFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cluster } from '../controlplane/cluster.ts';
import { execute } from '../runs/execute.ts';
import { ROOT } from '../runs/run-program.ts';
import { makeEnvironment, writeProgram } from './cli-run.ts';

/** Runs the commands of a page, block by block, as an administrator with a namespace of their own. */
export interface PageReader {
  /** Runs shell commands in the folder of the earlier ones; gives their output. Throws if one fails. */
  run(commands: string): Promise<string>;
}

/**
 * Creates the namespace, and gives the reader the checkout's `deploy`, `kubectl` and `jwt-injector`. The
 * commands run in `folder`; `env` is added to the environment, and `words` of the pages are replaced.
 */
export async function openPageReader(
  cluster: Cluster,
  {
    folder,
    namespace,
    env = {},
    words,
  }: {
    readonly folder: string;
    readonly namespace: string;
    readonly env?: NodeJS.ProcessEnv;
    readonly words: Readonly<Record<string, string>>;
  },
): Promise<PageReader> {
  await writeProgram(folder);
  await symlink(join(ROOT, 'deploy'), join(folder, 'deploy'));
  await cluster.createNamespace(namespace);
  const kubeconfig = join(folder, 'kubeconfig');
  await copyFile(cluster.adminKubeconfig, kubeconfig);
  const environment = { ...makeEnvironment(cluster, folder), KUBECONFIG: kubeconfig, ...env };
  const run = async (commands: string): Promise<string> => {
    let script = commands;
    for (const [word, value] of Object.entries(words)) script = script.replaceAll(word, value);
    const { stdout } = await execute('sh', ['-ec', script], { cwd: folder, env: environment });
    return stdout;
  };
  await run(`kubectl config set-context --current --namespace=${namespace}`);
  return { run };
}
