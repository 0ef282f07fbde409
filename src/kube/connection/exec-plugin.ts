import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import type { Cluster as KubeconfigCluster, User } from '@kubernetes/client-node';
import { arrayMember, member, objectMember, stringMember, type JsonObject } from '../../resources/json.ts';
import type { Milliseconds } from '../../time/units.ts';
import { addToken, type AuthenticatedOptions, type Authenticator } from './authenticator.ts';
import { CredentialsError } from './credentials-error.ts';

const PLUGIN_USER = 'exec-plugin';
const MAX_OUTPUT_LENGTH = 1_048_576; // characters; a client certificate with its chain and key are some 10,000

/** The surroundings that a plugin runs in, besides `users[].user.exec` of the kubeconfig. */
interface PluginSurroundings {
  /** Whether somebody is at the terminal, whom it may ask. */
  readonly asksPeople: boolean;
  /** The API server that the credentials are for, and what the kubeconfig has for the plugin at this cluster. */
  readonly cluster: () => { readonly cluster: KubeconfigCluster | null; readonly config: unknown };
  /** Ends the plugin. */
  readonly signal: () => AbortSignal | undefined;
}

/** Takes the place of client-node's: `exec` of the user in that kubeconfig, as parsed. */
export function withExecPlugin(user: User, exec: JsonObject, kubeconfig: string): User {
  const command = stringMember(exec, 'command') ?? '';
  // client-go, `ResolveLocalPaths`: a path counts from the folder of the kubeconfig, a name is looked up in PATH.
  const found = command.includes('/') ? resolve(dirname(kubeconfig), command) : command;
  return {
    ...user,
    exec: undefined,
    authProvider: { name: PLUGIN_USER, config: { plugin: { ...exec, command: found } } },
  };
}

/** The plugin in words; `undefined` if the user has none. */
export function describePlugin(user: User | null): string | undefined {
  const plugin = pluginOf(user);
  if (plugin === undefined) return undefined;
  return `the plugin ${basename(stringMember(plugin, 'command') ?? '')} of the kubeconfig`;
}

/**
 * Runs the plugin of a kubeconfig as kubectl does (client.authentication.k8s.io, v1 and v1beta1), again once its credentials have
 * expired. client-node's way has no end, names no cluster to the plugin, and hides what the plugin prints for people.
 */
export class ExecPlugin implements Authenticator {
  readonly #surroundings: PluginSurroundings;
  #known: PluginCredentials | undefined;

  constructor(surroundings: PluginSurroundings) {
    this.#surroundings = surroundings;
  }

  isAuthProvider(user: User): boolean {
    return pluginOf(user) !== undefined;
  }

  async applyAuthentication(user: User, options: AuthenticatedOptions): Promise<void> {
    if (this.#known === undefined || this.#known.expiresAt <= Date.now()) {
      const what = describePlugin(user) ?? '';
      const plugin = pluginOf(user) ?? {};
      const output = await runPlugin(plugin, what, this.#surroundings);
      this.#known = readPluginCredentials(output, stringMember(plugin, 'apiVersion'), what);
    }
    const { token, certificate, key } = this.#known;
    if (certificate !== undefined) Object.assign(options, { cert: certificate, key });
    if (token !== undefined) addToken(options, token);
  }
}

function pluginOf(user: User | null): JsonObject | undefined {
  return stringMember(user?.authProvider, 'name') === PLUGIN_USER
    ? objectMember(objectMember(user?.authProvider, 'config'), 'plugin')
    : undefined;
}

/** Resolves with what it printed. What it says to people goes to the terminal, or nowhere. */
function runPlugin(
  plugin: JsonObject,
  what: string,
  { asksPeople, cluster, signal }: PluginSurroundings,
): Promise<string> {
  const args = arrayMember(plugin, 'args').map(String);
  const isInteractive =
    asksPeople && process.stdin.isTTY && stringMember(plugin, 'interactiveMode') !== 'Never';
  const info = {
    kind: 'ExecCredential',
    apiVersion: stringMember(plugin, 'apiVersion'),
    spec: {
      interactive: isInteractive,
      ...(member(plugin, 'provideClusterInfo') === true ? { cluster: describeCluster(cluster()) } : {}),
    },
  };
  const variables = arrayMember(plugin, 'env').map((entry) => [
    stringMember(entry, 'name') ?? '',
    stringMember(entry, 'value') ?? '',
  ]);
  const end = signal();
  const done = Promise.withResolvers<string>();
  let output = '';
  let child: ChildProcess;
  const fail = (why: string): void => {
    child.stdout?.destroy(); // its own children may hold on to it
    child.kill();
    child.unref();
    done.reject(new CredentialsError(`${what} ${why}`));
  };
  try {
    child = spawn(stringMember(plugin, 'command') ?? '', args, {
      env: {
        ...process.env,
        ...Object.fromEntries(variables),
        KUBERNETES_EXEC_INFO: JSON.stringify(info),
      },
      stdio: [isInteractive ? 'inherit' : 'ignore', 'pipe', asksPeople ? 'inherit' : 'ignore'],
    });
  } catch {
    throw new CredentialsError(`${what} cannot be run: correct users[].user.exec`);
  }
  const onEnd = (): void => fail('was ended, since it did not answer');
  end?.addEventListener('abort', onEnd, { once: true });
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (output.length > MAX_OUTPUT_LENGTH) fail('prints more than credentials');
  });
  child.on('error', (error) =>
    fail(
      `cannot be run${'code' in error ? ` (${String(error.code)})` : ''}: install it, or correct users[].user.exec.command`,
    ),
  );
  child.on('close', (code, ended) => {
    if (code === 0) done.resolve(output);
    else fail(code === null ? `was ended by ${ended}` : `ended with exit code ${code}: run it by hand`);
  });
  return done.promise.finally(() => end?.removeEventListener('abort', onEnd));
}

/** `spec.cluster` of an ExecCredential (client-go, `ConfigToExecCluster`). */
function describeCluster({ cluster, config }: ReturnType<PluginSurroundings['cluster']>): object {
  const { server, tlsServerName, skipTLSVerify, caFile, caData, proxyUrl } = cluster ?? {};
  const authority = caFile == null ? caData : readFileSync(caFile).toString('base64');
  return {
    server,
    'tls-server-name': tlsServerName,
    'insecure-skip-tls-verify': skipTLSVerify === true ? true : undefined,
    'certificate-authority-data': authority,
    'proxy-url': proxyUrl,
    config,
  };
}

interface PluginCredentials {
  readonly token: string | undefined;
  /** PEM texts of the client certificate and its key. */
  readonly certificate: string | undefined;
  readonly key: string | undefined;
  /** By the wall clock, since the epoch. */
  readonly expiresAt: Milliseconds;
}

/** Quotes nothing of the output. */
function readPluginCredentials(
  output: string,
  apiVersion: string | undefined,
  what: string,
): PluginCredentials {
  let credential: unknown;
  try {
    credential = JSON.parse(output);
  } catch {
    throw new CredentialsError(`${what} printed no JSON`);
  }
  if (stringMember(credential, 'apiVersion') !== apiVersion)
    throw new CredentialsError(`${what} printed another version of ExecCredential than the kubeconfig names`);
  const status = objectMember(credential, 'status');
  const token = stringMember(status, 'token');
  const certificate = stringMember(status, 'clientCertificateData');
  const key = stringMember(status, 'clientKeyData');
  if (token === undefined && (certificate === undefined || key === undefined))
    throw new CredentialsError(`${what} printed neither a token nor a client certificate with its key`);
  const expiresAt = Date.parse(stringMember(status, 'expirationTimestamp') ?? '');
  return {
    token,
    certificate,
    key,
    expiresAt: Number.isNaN(expiresAt) ? Number.POSITIVE_INFINITY : expiresAt,
  };
}
