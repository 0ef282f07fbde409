/** For `parseArgs`: how a command finds its cluster, as kubectl's flags do. */
export const CONNECT_OPTIONS = {
  kubeconfig: { type: 'string' },
  context: { type: 'string' },
  namespace: { type: 'string', short: 'n' },
} as const;

export const CONNECT_HELP = `  -n, --namespace NS    else that of the context, else default
      --context NAME    context of the kubeconfig
      --kubeconfig FILE else $KUBECONFIG, else ~/.kube/config`;

/** Values of `CONNECT_OPTIONS` as `parseArgs` gives them. */
export interface ConnectFlags {
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly namespace?: string | undefined;
}
