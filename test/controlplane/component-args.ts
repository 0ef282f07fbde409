/** Names of the files in a control plane's folder, which is the working directory of its components. */
export const FILES = {
  ca: 'ca.crt',
  caKey: 'ca.key',
  certificate: 'apiserver.crt',
  certificateKey: 'apiserver.key',
  tokenPublicKey: 'service-accounts.pub',
  tokenPrivateKey: 'service-accounts.key',
  users: 'users.csv',
  adminKubeconfig: 'admin.kubeconfig',
  controllerKubeconfig: 'controller-manager.kubeconfig',
  etcdSocket: 'etcd.sock',
  etcdPeerSocket: 'etcd-peer.sock',
} as const;

/**
 * Hostile clients together store more than etcd's usual 2 GiB. When the quota is reached, nobody can write.
 */
const ETCD_QUOTA_BYTES = 8 * 1024 ** 3;

/** Unix sockets in our own folder: no port is needed, and no other control plane can use the same one. */
export function listEtcdArgs(fsync: boolean): string[] {
  const client = `unix://${FILES.etcdSocket}`;
  const peer = `unix://${FILES.etcdPeerSocket}`;
  return [
    '--name=test',
    '--data-dir=etcd',
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=test=${peer}`,
    `--quota-backend-bytes=${ETCD_QUOTA_BYTES}`,
    ...(fsync ? [] : ['--unsafe-no-fsync']),
  ];
}

/** A real API server with all default admission plugins. Only its address is special. */
export function listApiServerArgs(
  port: number,
  emulatedVersion: string | undefined,
  more: readonly string[],
): string[] {
  return [
    `--etcd-servers=unix://${FILES.etcdSocket}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    // A loopback address is refused here, and without an address the server fails on a machine without a
    // network. Nobody uses this address, as nothing maintains the endpoints of Service `kubernetes`.
    '--advertise-address=192.0.2.1',
    '--endpoint-reconciler-type=none',
    `--tls-cert-file=${FILES.certificate}`,
    `--tls-private-key-file=${FILES.certificateKey}`,
    `--client-ca-file=${FILES.ca}`,
    `--token-auth-file=${FILES.users}`,
    '--authorization-mode=Node,RBAC',
    '--allow-privileged=true',
    '--service-cluster-ip-range=10.0.0.0/24',
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-key-file=${FILES.tokenPublicKey}`,
    `--service-account-signing-key-file=${FILES.tokenPrivateKey}`,
    ...emulate(emulatedVersion),
    ...more,
  ];
}

/** Runs all controllers that do not need a cloud. It listens on no port. */
export function listControllerManagerArgs(emulatedVersion: string | undefined): string[] {
  return [
    `--kubeconfig=${FILES.controllerKubeconfig}`,
    '--secure-port=0',
    '--controllers=*',
    '--leader-elect=false',
    '--use-service-account-credentials',
    `--root-ca-file=${FILES.ca}`,
    `--service-account-private-key-file=${FILES.tokenPrivateKey}`,
    `--cluster-signing-cert-file=${FILES.ca}`,
    `--cluster-signing-key-file=${FILES.caKey}`,
    '--kube-api-qps=500', // with the defaults of 20 and 30, tests would wait
    '--kube-api-burst=1000',
    ...emulate(emulatedVersion),
  ];
}

function emulate(version: string | undefined): string[] {
  return version === undefined ? [] : [`--emulated-version=kube=${version}`];
}
