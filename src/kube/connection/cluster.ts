import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { KubeConfig, type User } from '@kubernetes/client-node';
import { load as parse } from 'js-yaml';
import { arrayMember, member, objectMember, stringMember } from '../../resources/json.ts';
import { describeFileError } from '../../resources/file-error.ts';
import { fail, ok, type Result } from '../../resources/result.ts';
import { Credentials } from './credentials.ts';
import { CredentialsError, ServerChanged } from './credentials-error.ts';
import { withExecPlugin } from './exec-plugin.ts';
import { findProxy } from './find-proxy.ts';
import { withTokenFile } from './token-file.ts';

/** The address of the API server, and the credentials for it; nothing has been sent yet. */
export interface Cluster {
  /** URL of the API server, without a slash at the end. */
  readonly server: string;
  /** The source of this configuration, for messages: `context x of <file>`, `the pod's ServiceAccount`. */
  readonly source: string;
  /** Namespace of the context, or the pod's own; `undefined` when none is set. */
  readonly namespace: string | undefined;
  /** Whether somebody is at the terminal, for whom a login may take its time. */
  readonly asksPeople?: boolean;
  /**
   * Reads everything again: files change, exec plugins and token files are asked again. Throws what reading throws, and
   * `ServerChanged` where the kubeconfig leads elsewhere by now: no token goes to a server that it is not for.
   */
  readonly load: () => Credentials;
}

/** Both may be left out; then $KUBECONFIG, ~/.kube/config and the pod's ServiceAccount count, in this order. */
export interface ClusterOptions {
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  /**
   * Whether HTTPS_PROXY and NO_PROXY count where a kubeconfig has no `proxy-url`, as with kubectl. Not for the service: it is
   * not to reach its API server in another way because of what is set for other programs.
   */
  readonly heedsProxyVariables?: boolean;
  /** Whether somebody is at the terminal, whom an exec plugin may ask. Not for the service. */
  readonly asksPeople?: boolean;
}

const SERVICE_ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount'; // mounted by Kubernetes into every pod

/** Finds the cluster as kubectl does. The problem is one sentence: what is wrong, where, and the remedy. */
export function loadCluster(
  options: ClusterOptions = {},
  environment: NodeJS.ProcessEnv = process.env,
): Result<Cluster, string> {
  const { context, asksPeople = false } = options;
  const files = findKubeconfigs(options.kubeconfig, environment);
  if (!files.ok) return files;
  if (files.value.length > 0) {
    const names = files.value.join(', ');
    const load: Load = (name) => loadFiles(files.value, name, asksPeople);
    const proxied: Load = (name) => withProxies(load(name), environment);
    const cluster = readCluster(options.heedsProxyVariables === true ? proxied : load, names, context);
    return cluster.ok ? ok({ ...cluster.value, asksPeople }) : cluster;
  }
  if (environment['KUBERNETES_SERVICE_HOST'] === undefined) {
    return fail(
      'no cluster is known: set --kubeconfig or KUBECONFIG to a kubeconfig file, or make ~/.kube/config ' +
        '(inside a pod KUBERNETES_SERVICE_HOST would be set)',
    );
  }
  if (!isReadable(join(SERVICE_ACCOUNT_FOLDER, 'token'))) {
    return fail(
      `this pod has no ServiceAccount token at ${SERVICE_ACCOUNT_FOLDER}: set automountServiceAccountToken: true, or --kubeconfig`,
    );
  }
  if (context !== undefined)
    return fail('--context needs a kubeconfig: set --kubeconfig, or remove --context');
  return readCluster(loadPod, 'the pod’s ServiceAccount', undefined);
}

function findKubeconfigs(
  file: string | undefined,
  environment: NodeJS.ProcessEnv,
): Result<readonly string[], string> {
  if (file !== undefined) return allReadable([file], 'check --kubeconfig');
  const listed = (environment['KUBECONFIG'] ?? '').split(delimiter).filter((name) => name !== '');
  if (listed.length > 0) {
    const found = listed.filter((name) => !isMissing(name)); // kubectl skips them, too
    if (found.length === 0)
      return fail(`no kubeconfig at ${listed.join(', ')}: check KUBECONFIG, or set --kubeconfig`);
    return allReadable(found, 'check KUBECONFIG, or set --kubeconfig');
  }
  const home = join(environment['HOME'] ?? homedir(), '.kube', 'config');
  // A pod has its ServiceAccount, and often a home that is not its user's.
  const isInPod = environment['KUBERNETES_SERVICE_HOST'] !== undefined;
  if (isMissing(home) || (isInPod && !isReadable(home))) return ok([]);
  return allReadable([home], 'make it readable, or set --kubeconfig');
}

/** Their paths. One that is there and cannot be read is not left out: another cluster might be meant without it. */
function allReadable(files: readonly string[], remedy: string): Result<readonly string[], string> {
  for (const file of files) {
    const obstacle = findObstacle(file);
    if (obstacle !== undefined) return fail(`cannot read kubeconfig ${file}: ${obstacle}: ${remedy}`);
  }
  return ok(files.map((name) => resolve(name)));
}

/** Reads everything, for this context; `undefined`: for the current one. */
type Load = (context: string | undefined) => Credentials;

function readCluster(load: Load, source: string, wanted: string | undefined): Result<Cluster, string> {
  let config: Credentials;
  try {
    config = load(wanted);
  } catch (error) {
    return fail(`${source} is not a usable kubeconfig: ${describeLoadError(error)}`);
  }
  const context = config.getContextObject(config.getCurrentContext());
  if (context === null || context === undefined) {
    const known = config.getContexts().map(({ name }) => name);
    const name = wanted ?? config.getCurrentContext();
    return fail(
      `${source} ${name === undefined || name === '' ? 'has no current-context' : `has no context "${name}"`}: ` +
        `choose with --context one of ${known.length === 0 ? '(none there)' : known.join(', ')}`,
    );
  }
  const cluster = config.getCluster(context.cluster);
  if (cluster === null || config.getUser(context.user) === null) {
    const [kind, name] = cluster === null ? ['cluster', context.cluster] : ['user', context.user];
    return fail(`context "${context.name}" of ${source} names the ${kind} "${name}", which is not there`);
  }
  const { server, skipTLSVerify, proxyUrl } = cluster;
  if (!URL.canParse(server) || !/^https?:/.test(server)) {
    return fail(
      `cluster "${cluster.name}" of ${source} has no valid server URL: it must begin with https://`,
    );
  }
  if (server.startsWith('http:') && !skipTLSVerify) {
    return fail(
      `cluster "${cluster.name}" of ${source} is plain http: use https, or set insecure-skip-tls-verify: true`,
    );
  }
  if (proxyUrl !== undefined && proxyUrl !== '' && !isProxy(proxyUrl)) {
    return fail(
      `the proxy for cluster "${cluster.name}" of ${source} is not a URL: correct proxy-url there, or HTTPS_PROXY, ` +
        'to begin with http://, https:// or socks5://',
    );
  }
  const named = source.startsWith('the pod') ? source : `context ${context.name} of ${source}`;
  return ok({
    server: server.replace(/\/+$/, ''),
    source: named,
    namespace: context.namespace?.trim(),
    // The context of the start: another one may have become the current one.
    load: () => checkSameServer(load(context.name), server, named),
  });
}

function checkSameServer(config: Credentials, server: string, source: string): Credentials {
  const url = config.getCurrentCluster()?.server;
  // Or the file is being written.
  if (url === undefined) throw new CredentialsError(`${source} no longer has the context`);
  const now = serverPlace(url);
  if (now === undefined) throw new CredentialsError(`${source} no longer has a valid server URL`);
  if (now === serverPlace(server)) return config;
  throw new ServerChanged(`${source} names another API server now, ${now}: start again`);
}

/** The server and path of a valid URL, in one spelling and without a password. */
function serverPlace(url: string): string | undefined {
  const { protocol, host, pathname } = URL.parse(url) ?? {};
  if (protocol === undefined || host === undefined || pathname === undefined) return undefined;
  return `${protocol}//${host}${pathname.replace(/\/+$/, '')}`;
}

function isProxy(url: string): boolean {
  const { protocol = '', hostname = '' } = URL.parse(url) ?? {};
  return hostname !== '' && /^(https?|socks\w*):$/.test(protocol);
}

/** Parsers quote what they choke on, and that may be a token: only file-system codes and our own words get out. */
function describeLoadError(error: unknown): string {
  const code = stringMember(error, 'code');
  if (code !== undefined && /^E[A-Z]+$/.test(code)) return code;
  const message = error instanceof Error ? error.message : '';
  const isOwn =
    /^(clusters|users|contexts)\[\d+\]\.[\w.]+ is missing$|^Duplicate (cluster|user|context)/.test(message);
  return isOwn ? (message.split('\n')[0] ?? '') : 'it does not parse as YAML';
}

function loadPod(): Credentials {
  const config = new Credentials();
  config.loadFromCluster();
  const path = join(SERVICE_ACCOUNT_FOLDER, 'token');
  config.users = config.users.map((user) => withTokenFile(user, path));
  return config;
}

/** Several files count together, as $KUBECONFIG allows; the first that sets a current context wins, as with kubectl. */
function loadFiles(files: readonly string[], context: string | undefined, asksPeople: boolean): Credentials {
  const config = new Credentials({ asksPeople });
  for (const [index, file] of files.entries()) {
    const one = index === 0 ? config : new KubeConfig();
    one.loadFromFile(file);
    const text: unknown = parse(readFileSync(file, 'utf8')); // by client-node's own parser: two would not always agree
    one.users = one.users.map((user) => withOwnLogin(user, findByName(text, 'users', user.name), file));
    for (const { name } of one.clusters)
      if (!config.pluginConfigs.has(name))
        config.pluginConfigs.set(name, findPluginConfig(findByName(text, 'clusters', name)));
    if (index > 0) config.mergeConfig(one, (config.getCurrentContext() ?? '') !== '');
  }
  if (context !== undefined) config.setCurrentContext(context);
  return config;
}

function withProxies(config: Credentials, environment: NodeJS.ProcessEnv): Credentials {
  config.clusters = config.clusters.map((cluster) => {
    const server = URL.parse(cluster.server);
    if (server?.protocol !== 'https:' || (cluster.proxyUrl ?? '') !== '') return cluster;
    const proxyUrl = findProxy(server, environment);
    return proxyUrl === undefined ? cluster : { ...cluster, proxyUrl };
  });
  return config;
}

/** The entry of that name in a list of a kubeconfig. */
function findByName(kubeconfig: unknown, list: string, name: string): unknown {
  return arrayMember(kubeconfig, list).find((entry) => stringMember(entry, 'name') === name);
}

/** client-node reads `token-file`, once; kubectl's word is `tokenFile`, and the file is read again as it changes. */
function withOwnLogin(user: User, entry: unknown, file: string): User {
  const given = objectMember(entry, 'user');
  const tokenFile = stringMember(given, 'tokenFile');
  const exec = objectMember(given, 'exec');
  if (exec !== undefined) return withExecPlugin(user, exec, file);
  return tokenFile === undefined || objectMember(given, 'auth-provider') !== undefined
    ? user
    : withTokenFile(user, resolve(dirname(file), tokenFile));
}

/** The content of the extension by which a cluster's entry says something to its plugin (client-go, `ExecCluster`). */
function findPluginConfig(entry: unknown): unknown {
  const extensions = arrayMember(objectMember(entry, 'cluster'), 'extensions');
  const own = extensions.find(
    (extension) => stringMember(extension, 'name') === 'client.authentication.k8s.io/exec',
  );
  return member(own, 'extension');
}

function isMissing(file: string): boolean {
  try {
    statSync(file);
    return false;
  } catch (error) {
    const code = stringMember(error, 'code');
    return code === 'ENOENT' || code === 'ENOTDIR';
  }
}

function isReadable(file: string): boolean {
  return findObstacle(file) === undefined;
}

/** Why a file cannot be read; `undefined` when it can. */
function findObstacle(file: string): string | undefined {
  try {
    accessSync(file, constants.R_OK);
    return undefined;
  } catch (error) {
    return describeFileError(error);
  }
}
