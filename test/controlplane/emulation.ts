import { execute } from '../runs/execute.ts';

/**
 * Flags that make kube-apiserver behave as this minor version, for example 1.34; `undefined` if it has that
 * version or an older one. Servers before 1.31 do not support emulation, and are always older.
 */
export async function chooseEmulation(apiServer: string, wanted: string): Promise<string | undefined> {
  const { stdout } = await execute(apiServer, ['--version']);
  const [, minor] = /\bv1\.(\d+)\./.exec(stdout) ?? [];
  return minor !== undefined && Number(minor) <= Number(wanted.split('.')[1]) ? undefined : wanted;
}
