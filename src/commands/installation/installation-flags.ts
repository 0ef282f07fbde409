import { ok, type Result } from '../../resources/result.ts';
import { CLUSTER_FLAGS, type ConnectFlags } from '../cluster/connect-flags.ts';
import type { FlagValues } from '../parse-flags.ts';
import { OUTPUT_FLAG, readOutputFormat, type OutputFormat } from '../output/report-output.ts';

/** For commands about the installation; `-n` says where that is, and not where the caller's JWTs are. */
export const INSTALLATION_FLAGS = {
  ...OUTPUT_FLAG,
  ...CLUSTER_FLAGS,
  namespace: {
    ...CLUSTER_FLAGS.namespace,
    help: 'where jwt-injector is installed (default: the namespace that its\nwebhook configurations name, or jwt-injector)',
  },
} as const;

/** Values of `INSTALLATION_FLAGS`. */
export interface InstallationOptions {
  /** The flags that choose the cluster, without a namespace. */
  readonly place: ConnectFlags;
  /** `undefined` by default. */
  readonly namespace: string | undefined;
  readonly output: OutputFormat;
}

/** Reads the values. The problem is one sentence. */
export function readInstallationOptions(
  values: FlagValues<typeof INSTALLATION_FLAGS>,
): Result<InstallationOptions, string> {
  const output = readOutputFormat(values.output);
  const { namespace, kubeconfig, context } = values;
  return output.ok ? ok({ place: { kubeconfig, context }, namespace, output: output.value }) : output;
}
