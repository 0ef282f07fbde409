import { execute } from '../runs/execute.ts';

/**
 * What to give kube-apiserver so that it behaves as the minor that is wanted, for example 1.34; `undefined` where it is of that
 * minor or of an older one. Servers before 1.31, which know no emulation, always are.
 */
export async function chooseEmulation(apiServer: string, wanted: string): Promise<string | undefined> {
  const { stdout } = await execute(apiServer, ['--version']);
  const [, minor] = /\bv1\.(\d+)\./.exec(stdout) ?? [];
  return minor !== undefined && Number(minor) <= Number(wanted.split('.')[1]) ? undefined : wanted;
}
