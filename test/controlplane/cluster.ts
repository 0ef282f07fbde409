import { createApiAgent, type ApiAccess } from './api-request.ts';
import { type Apply, createApply } from './apply.ts';
import { createKubectl, type Kubectl } from './kubectl.ts';
import { createNamespace, writeServiceAccountKubeconfig } from './namespaces.ts';
import type { Reaper } from './reaper.ts';

/** The address of a cluster, and the credentials of its administrator. */
export type ClusterPlace = {
  /** Port of the API server, on loopback. */
  readonly port: number;
  /** PEM text of the certificate authority of the API server. */
  readonly ca: string;
  /** A token of group system:masters. */
  readonly adminToken: string;
  /** Path of a kubeconfig with that token. */
  readonly adminKubeconfig: string;
  /** Holds kubeconfigs and kubectl's cache. */
  readonly folder: string;
  readonly kubectlPath: string;
};

/** A cluster as its administrator uses it. It does not matter who started it and who ends it. */
export type Cluster = {
  /** https://127.0.0.1:<port> */
  readonly url: string;
  /** PEM text of the certificate authority of `url`. */
  readonly ca: string;
  /** Path of a kubeconfig of group system:masters. */
  readonly adminKubeconfig: string;
  /** Removed together with the cluster. Callers can put files into it. */
  readonly folder: string;
  readonly kubectlPath: string;
  readonly kubectl: Kubectl;
  /** Requests as the administrator, without the 80 ms that a process of kubectl takes. */
  readonly access: ApiAccess;
  /** Server-side apply of a YAML text, with force. */
  readonly apply: Apply;
  /** Creates a namespace and waits for its ServiceAccount `default`, so that pods can be made in it. */
  createNamespace(name: string): Promise<void>;
  /** Path of a new kubeconfig for an existing ServiceAccount; its token is valid for 24 hours. */
  serviceAccountKubeconfig(namespace: string, name: string): Promise<string>;
  /**
   * Also kills this process of the caller at the end. Returns a function to call if the process ends earlier.
   */
  adopt(pid: number): () => void;
};

/** Opens a running cluster. What it starts ends with `reaper`. The caller destroys the agent of `access`. */
export function openCluster(place: ClusterPlace, reaper: Reaper): Cluster {
  const { port, ca, adminToken, adminKubeconfig, folder, kubectlPath } = place;
  const access: ApiAccess = { port, token: adminToken, agent: createApiAgent(ca) };
  const kubectl = createKubectl(kubectlPath, folder, adminKubeconfig, reaper);
  return {
    url: `https://127.0.0.1:${port}`,
    ca,
    adminKubeconfig,
    folder,
    kubectlPath,
    kubectl,
    access,
    apply: createApply(access),
    createNamespace: (name) => createNamespace(access, name),
    serviceAccountKubeconfig: (namespace, name) =>
      writeServiceAccountKubeconfig({ access, ca, folder, namespace, name }),
    adopt(pid) {
      reaper.watch(pid);
      return () => reaper.forget(pid);
    },
  };
}
