import { fail, ok, type Result } from '../../resources/result.ts';

/** How a command finds its cluster, as kubectl's flags do: of an empty one kubectl takes the default, too. */
export const CLUSTER_FLAGS = {
  namespace: {
    type: 'string',
    short: 'n',
    emptyIsUnset: true,
    isNamespace: true,
    value: 'NS',
    help: "default: the namespace of the kubeconfig's context, or default",
  },
  context: { type: 'string', emptyIsUnset: true, value: 'NAME', help: 'context of the kubeconfig' },
  kubeconfig: {
    type: 'string',
    emptyIsUnset: true,
    value: 'FILE',
    help: 'default: $KUBECONFIG, or ~/.kube/config',
  },
} as const;

/** For commands that look for the keys of JWTs as `run` does. */
export const KEY_NAMESPACE_FLAG = {
  'legacy-key-namespace': {
    type: 'string',
    emptyIsUnset: true,
    isNamespace: true,
    value: 'NS',
    help: 'the same as for jwt-injector run, if it is set there',
  },
} as const;

/** Values of `CLUSTER_FLAGS`. */
export interface ConnectFlags {
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly namespace?: string | undefined;
}

/** Whether `-A` is given. A namespace beside it is a problem, in one sentence. */
export function readEverywhere({
  'all-namespaces': everywhere = false,
  namespace,
}: {
  readonly 'all-namespaces'?: boolean | undefined;
  readonly namespace?: string | undefined;
}): Result<boolean, string> {
  return everywhere && namespace !== undefined
    ? fail('-A and -n exclude each other: use one of them')
    : ok(everywhere);
}
