/** Programs that are built together, from the `tool` lines of the module beside this file. */
export interface ProgramSet<P extends string = string> {
  /** Name of the set in messages, for example "control plane". */
  readonly what: string;
  readonly programs: readonly P[];
  /** Time and space for building it, measured on a machine without any cache. */
  readonly costs: string;
}

/** Programs that all tests on a cluster need. */
export const CONTROL_PLANE = {
  what: 'control plane',
  programs: ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl'],
  costs: "about 8 minutes on 2 cores and 6 GB of disk (most of it Go's own caches)",
} as const satisfies ProgramSet;

/** More programs for real nodes; only `npm run e2e` has nodes. */
export const NODE_PROGRAMS = {
  what: 'node programs',
  programs: ['kube-proxy', 'kube-scheduler', 'kubelet'],
  costs: 'about 2 minutes on 2 cores, after the control plane',
} as const satisfies ProgramSet;

/** Go names a program after the folder of its package; etcd's is called `server`. */
export function programOf(packagePath: string): string {
  return packagePath === 'go.etcd.io/etcd/server/v3'
    ? 'etcd'
    : packagePath.slice(packagePath.lastIndexOf('/') + 1);
}
