import { createHash } from 'node:crypto';
import { HttpMethod, KubeConfig, RequestContext } from '@kubernetes/client-node';
import { describePlugin, ExecPlugin } from './exec-plugin.ts';
import { TokenFile } from './token-file.ts';

type DispatcherArguments = Parameters<KubeConfig['createDispatcherOptions']>;
type DispatcherOptions = ReturnType<KubeConfig['createDispatcherOptions']>;

/** The part of undici's Dispatcher that sends requests, as client-node hands it out. */
export type Dispatcher = NonNullable<ReturnType<RequestContext['getDispatcher']>>;

/** The result of one look at the credentials. */
export interface Authentication {
  /** For every request: Authorization, Impersonate-User. */
  readonly headers: Readonly<Record<string, string>>;
  /** Changes whenever certificate authority, client certificate, its key or the proxy do. */
  readonly fingerprint: string;
  /** A new connection pool, `undefined` when the fingerprint is the known one. It belongs to the caller. */
  readonly dispatcher: Dispatcher | undefined;
}

/**
 * client-node's KubeConfig, used for what it does well: kubeconfig and in-cluster loading, OIDC, client certificates, TLS and
 * proxy options. As shipped it makes a new pool, and so a new TLS connection, for every request; this one only when the TLS
 * material or the proxy differs from what the caller has.
 */
export class Credentials extends KubeConfig {
  #known: string | undefined;
  #seen = '';
  #signal: AbortSignal | undefined;
  /** By the name of the cluster: what its extension `client.authentication.k8s.io/exec` holds for the plugin. */
  readonly pluginConfigs = new Map<string, unknown>();

  /** `asksPeople`: whether somebody is at the terminal, whom plugins may ask. */
  constructor({ asksPeople = false }: { readonly asksPeople?: boolean } = {}) {
    super();
    this.addAuthenticator(new TokenFile());
    this.addAuthenticator(
      new ExecPlugin({
        asksPeople,
        signal: () => this.#signal,
        cluster: () => {
          const cluster = this.getCurrentCluster();
          return { cluster, config: this.pluginConfigs.get(cluster?.name ?? '') };
        },
      }),
    );
  }

  /** `proxy-url` of the cluster. */
  get proxy(): string | undefined {
    return this.getCurrentCluster()?.proxyUrl;
  }

  /** The origin of the credentials, in words. */
  describeOrigin(): string {
    return describePlugin(this.getCurrentUser()) ?? 'the login of the kubeconfig';
  }

  /**
   * Reads token and certificates as they are now, until `signal` ends it. `known` is the fingerprint of the caller's pool.
   */
  async identify(server: string, known: string | undefined, signal?: AbortSignal): Promise<Authentication> {
    this.#known = known;
    this.#signal = signal;
    const context = new RequestContext(server, HttpMethod.GET);
    await this.applySecurityAuthentication(context);
    const headers = Object.entries(context.getHeaders()).map(([name, value]) => [name, value.trim()]);
    return {
      headers: Object.fromEntries(headers),
      fingerprint: this.#seen,
      dispatcher: context.getDispatcher(),
    };
  }

  /** For WebSockets alone (`Exec`): `ws` itself would wait for a handshake without end, and take 100 MiB in a message. */
  override async applyToHTTPSOptions(
    options: Parameters<KubeConfig['applyToHTTPSOptions']>[0],
  ): Promise<void> {
    await super.applyToHTTPSOptions(options);
    Object.assign(options, { handshakeTimeout: HANDSHAKE_MS, maxPayload: MAX_MESSAGE_BYTES });
    const { agent } = options;
    // A SOCKS proxy looks the host up itself, as for all other requests and as Go has it.
    if (typeof agent === 'object' && 'shouldLookup' in agent) agent.shouldLookup = false;
  }

  override createDispatcherOptions(
    cluster: DispatcherArguments[0],
    agentOptions: DispatcherArguments[1],
  ): DispatcherOptions {
    this.#seen = fingerprintOf(agentOptions, cluster?.proxyUrl);
    if (this.#seen === this.#known) return { type: 'none' };
    const options = super.createDispatcherOptions(cluster, agentOptions);
    switch (options.type) {
      case 'none': // no TLS setting of its own: client-node would leave the choice to the runtime's global pool
        return {
          type: 'agent',
          connect: onlyHttp1({ keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS }),
        };
      case 'agent':
        return { ...options, connect: onlyHttp1(options.connect) };
      case 'proxy':
      case 'socks':
        return { ...options, requestTls: onlyHttp1(options.requestTls) };
      default:
        return options satisfies never;
    }
  }
}

const HANDSHAKE_MS = 5_000; // as long as a call may take
const MAX_MESSAGE_BYTES = 1_048_576; // bytes; the kubelet sends pieces of 32 KiB

const KEEP_ALIVE_MS = 30_000; // TCP's, as client-go and client-node have it

/**
 * Over HTTP/2 everything shares one connection, and one that is half-open would cost every call its deadline, and us
 * the Lease. Over HTTP/1.1 a call that times out takes its own connection with it. It is no slower (measured). The
 * option is undici's (`buildConnector`).
 */
function onlyHttp1<T extends object>(options: T): T & { readonly allowH2: boolean } {
  return { ...options, allowH2: false };
}

function fingerprintOf(
  { ca, cert, key, servername, rejectUnauthorized }: DispatcherArguments[1],
  proxy: string | undefined,
): string {
  const hash = createHash('sha256').update(`${servername ?? ''} ${rejectUnauthorized ?? ''} ${proxy ?? ''}`);
  for (const part of [ca, cert, key].flatMap((value) => [value, '\n'].flat())) {
    if (typeof part === 'string' || part instanceof Uint8Array) hash.update(part);
  }
  return hash.digest('base64');
}
