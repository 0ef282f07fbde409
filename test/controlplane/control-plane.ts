import { randomBytes } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApiAccess, askApi, createApiAgent, HEALTH_TIMEOUT_MS, isHealthy } from './api-request.ts';
import { prepareAudit } from './audit.ts';
import { type Binaries, findBinaries } from './binaries.ts';
import { createCertificateAuthority, createTokenKeys } from './certificates.ts';
import { openCluster, type Cluster, type ClusterPlace } from './cluster.ts';
import { type Component, type ComponentSettings, startComponent } from './component.ts';
import { FILES, listApiServerArgs, listControllerManagerArgs, listEtcdArgs } from './component-args.ts';
import { ControlPlaneError } from './control-plane-error.ts';
import { chooseEmulation } from './emulation.ts';
import { findFreePort } from './free-port.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { hasDefaultServiceAccount } from './namespaces.ts';
import { type Reaper, startReaper } from './reaper.ts';
import { readStartTimeout } from './start-timeout.ts';

/** Options of a control plane. All are optional. */
export type ControlPlaneOptions = {
  /** Behave as this minor version, for example 1.34. Servers of an older version ignore it. */
  readonly emulatedVersion?: string;
  /** More flags of kube-apiserver. If a flag is given twice, the last value is used. */
  readonly apiServerArgs?: readonly string[];
  /** Write an audit log: see `openAudit`. Default: false. */
  readonly audit?: boolean;
  /** Let etcd wait for the disk, as in production. Benchmarks need it, tests do not. Default: false. */
  readonly fsync?: boolean;
  /** Addresses of the API server besides loopback. The kubeconfigs of `users` have the first one. */
  readonly addresses?: readonly string[];
  /** Other users of the API server. Each of them gets a kubeconfig. */
  readonly users?: readonly User[];
  /** Called when a component starts or ends. */
  readonly log?: (line: string) => void;
  /** Finds a port for the API server. For tests of the retry when a port is taken. */
  readonly findPort?: () => Promise<number>;
};

/** A user of the API server, as RBAC knows it. */
export interface User {
  readonly name: string;
  readonly groups?: readonly string[];
}

/** A running control plane without nodes. It ends with `stop()`, or with this process, however that ends. */
export type ControlPlane = Cluster &
  AsyncDisposable & {
    /** Another process needs it to open the control plane as a `Cluster`. */
    readonly place: ClusterPlace;
    readonly apiServer: Component;
    readonly etcd: Component;
    readonly controllerManager: Component;
    /** Path of the kubeconfig of one of `users`. Throws for any other name. */
    kubeconfigOf(name: string): string;
    /** Kills all processes and removes the folder; resolves when both is done. Idempotent. */
    stop(): Promise<void>;
  };

const PORT_TRIES = 5;

/**
 * Starts etcd, kube-apiserver and kube-controller-manager on a port and in a folder of their own, and waits
 * until pods can be created in namespace `default`. Takes about 5 s, plus minutes if the programs must be
 * built first. Throws a ControlPlaneError, with the end of the log if a component ended, and leaves nothing
 * behind.
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const readyWithinMs = readStartTimeout(process.env);
  const binaries = await findBinaries();
  const folder = await mkdtemp(join(tmpdir(), 'jwt-injector-controlplane-'));
  const reaper = await startReaper();
  reaper.remove(folder);
  try {
    return await startIn(folder, { binaries, reaper, readyWithinMs, options });
  } catch (error) {
    await reaper.finish();
    throw error;
  }
}

type Means = { binaries: Binaries; reaper: Reaper; readyWithinMs: number; options: ControlPlaneOptions };

async function startIn(
  folder: string,
  { binaries, reaper, readyWithinMs, options }: Means,
): Promise<ControlPlane> {
  const {
    emulatedVersion: wanted,
    apiServerArgs = [],
    audit = false,
    fsync = false,
    log = () => {},
    findPort = findFreePort,
  } = options;
  const emulatedVersion =
    wanted === undefined ? undefined : await chooseEmulation(binaries['kube-apiserver'], wanted);
  const start = (binary: string, args: readonly string[], isReady: ComponentSettings['isReady']) =>
    startComponent({ binary, args, folder, reaper, readyWithinMs, isReady, log });

  const [{ ca, ...users }, etcd] = await Promise.all([
    writeIdentities(folder, options),
    start(binaries.etcd, listEtcdArgs(fsync), () => isHealthy(join(folder, FILES.etcdSocket), '/readyz')),
  ]);
  const auditArgs = audit ? await prepareAudit(folder) : [];
  const agent = createApiAgent(ca);
  const { port, server: apiServer } = await retryOtherPorts(findPort, async (candidate) => {
    const access = { port: candidate, token: users.adminToken, agent };
    const args = listApiServerArgs(candidate, emulatedVersion, [...auditArgs, ...apiServerArgs]);
    return start(binaries['kube-apiserver'], args, () => answersReady(access));
  });
  const access: ApiAccess = { port, token: users.adminToken, agent };
  const url = `https://127.0.0.1:${port}`;
  const adminKubeconfig = join(folder, FILES.adminKubeconfig);
  await writeKubeconfig(adminKubeconfig, { url, ca, user: 'admin', token: users.adminToken });
  const controllers = { url, ca, user: 'controller-manager', token: users.controllerToken };
  await writeKubeconfig(join(folder, FILES.controllerKubeconfig), controllers);
  const usersUrl = `https://${options.addresses?.[0] ?? '127.0.0.1'}:${port}`;
  const kubeconfigs = new Map<string, string>();
  for (const [user, token] of users.tokens) {
    const path = join(folder, `${user.replaceAll(':', '.')}.kubeconfig`);
    kubeconfigs.set(user, await writeKubeconfig(path, { url: usersUrl, ca, user, token }));
  }
  const kubeconfigOf = (name: string) => {
    const path = kubeconfigs.get(name);
    if (path === undefined) throw new Error(`no user ${name}`);
    return path;
  };
  const controllerManager = await start(
    binaries['kube-controller-manager'],
    listControllerManagerArgs(emulatedVersion),
    () => hasDefaultServiceAccount(access, 'default'), // it listens on no port, but this shows that it works
  );

  const place: ClusterPlace = {
    port,
    ca,
    adminToken: users.adminToken,
    adminKubeconfig,
    folder,
    kubectlPath: binaries.kubectl,
  };
  const cluster = openCluster(place, reaper);
  const stop = async () => {
    agent.destroy();
    cluster.access.agent.destroy();
    await reaper.finish();
    await Promise.all([etcd.kill(), apiServer.kill(), controllerManager.kill()]); // until they are gone
  };
  return {
    ...cluster,
    place,
    apiServer,
    etcd,
    controllerManager,
    kubeconfigOf,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** The port was free a moment ago. If another process has taken it since, another port is tried. */
async function retryOtherPorts(
  findPort: () => Promise<number>,
  attempt: (port: number) => Promise<Component>,
): Promise<{ port: number; server: Component }> {
  for (let tries = 1; ; tries += 1) {
    const port = await findPort();
    try {
      return { port, server: await attempt(port) };
    } catch (error) {
      const taken = error instanceof ControlPlaneError && error.message.includes('address already in use');
      if (!taken || tries === PORT_TRIES) throw error;
    }
  }
}

async function answersReady(access: ApiAccess): Promise<boolean> {
  const answer = await askApi(access, 'GET', '/readyz', undefined, { timeoutMs: HEALTH_TIMEOUT_MS }).catch(
    () => undefined,
  );
  return answer?.status === 200;
}

interface Identities {
  readonly ca: string;
  readonly adminToken: string;
  readonly controllerToken: string;
  /** Tokens of the other users, by name. */
  readonly tokens: ReadonlyMap<string, string>;
}

async function writeIdentities(
  folder: string,
  { addresses = [], users: others = [] }: ControlPlaneOptions,
): Promise<Identities> {
  const authority = await createCertificateAuthority('jwt-injector test control plane');
  const serving = await authority.issue(['localhost', 'kubernetes.default.svc'], ['127.0.0.1', ...addresses]);
  const tokenKeys = await createTokenKeys();
  const makeToken = () => randomBytes(24).toString('base64url');
  const adminToken = makeToken();
  const controllerToken = makeToken();
  const tokens = new Map(others.map(({ name }) => [name, makeToken()]));
  const users = [
    `${adminToken},admin,admin,"system:masters"`,
    `${controllerToken},system:kube-controller-manager,controller-manager`,
    ...others.map(({ name, groups = [] }) => `${tokens.get(name)},${name},${name},"${groups.join(',')}"`),
  ];
  const contents = {
    [FILES.ca]: authority.certificate,
    [FILES.caKey]: authority.key,
    [FILES.certificate]: serving.certificate,
    [FILES.certificateKey]: serving.key,
    [FILES.tokenPublicKey]: tokenKeys.publicKey,
    [FILES.tokenPrivateKey]: tokenKeys.privateKey,
    [FILES.users]: `${users.join('\n')}\n`,
  };
  const writes = Object.entries(contents).map(([name, text]) =>
    writeFile(join(folder, name), text, { mode: 0o600 }),
  );
  await Promise.all(writes);
  return { ca: authority.certificate, adminToken, controllerToken, tokens };
}
