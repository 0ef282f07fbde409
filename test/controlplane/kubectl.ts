import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ControlPlaneError } from './control-plane-error.ts';
import type { Reaper } from './reaper.ts';

/** How one call of kubectl ended. */
export type KubectlResult = { readonly stdout: string; readonly stderr: string; readonly code: number };

/** `input` is the standard input of kubectl (for `-f -`); `kubeconfig` is a file, by default the admin's. */
export type KubectlOptions = {
  readonly input?: string;
  readonly kubeconfig?: string;
  readonly allowFailure?: boolean;
};

/** Runs kubectl. Throws a ControlPlaneError with its output if it fails, unless `allowFailure` is set. */
export type Kubectl = (args: readonly string[], options?: KubectlOptions) => Promise<KubectlResult>;

/**
 * For programs in Go that end before it is worthwhile to collect garbage; one that runs longer collects from
 * 200 MiB on.
 */
export const SHORT_LIVED = { GOGC: 'off', GOMEMLIMIT: '200MiB' } as const;

/** A kubectl that does not use the user's ~/.kube: home and cache are in `folder`. */
export function createKubectl(
  binary: string,
  folder: string,
  adminKubeconfig: string,
  reaper: Reaper,
): Kubectl {
  return async (args, options = {}) => {
    const child = spawn(binary, args, {
      env: {
        HOME: folder,
        KUBECACHEDIR: join(folder, 'kubectl-cache'),
        KUBECONFIG: options.kubeconfig ?? adminKubeconfig,
        PATH: process.env['PATH'],
        ...SHORT_LIVED,
      },
      stdio: 'pipe',
    });
    const { pid } = child;
    if (pid !== undefined) reaper.watch(pid); // `kubectl get --watch` outlives us otherwise
    const ended = Promise.withResolvers<number>();
    child.on('error', ended.reject);
    child.on('close', (code) => ended.resolve(code ?? 1));
    child.stdin.on('error', () => {}); // kubectl can end without reading; its exit code shows it
    child.stdin.end(options.input ?? '');
    const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended.promise]);
    if (pid !== undefined) reaper.forget(pid);
    if (code !== 0 && options.allowFailure !== true) {
      throw new ControlPlaneError(`kubectl ${args.join(' ')} ended with exit code ${code}: ${stderr.trim()}`);
    }
    return { stdout, stderr, code };
  };
}
