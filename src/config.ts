import { parseArgs } from 'node:util';
import { fail, ok, type Result } from './resources/result.ts';
import { parseGoDuration } from './time/format-time.ts';
import type { Milliseconds } from './time/units.ts';

/** Where to listen: `:8443` is every interface, `127.0.0.1:8443` and `[::1]:8443` one. Port 0 lets the system choose. */
export interface Address {
  readonly host: string | undefined;
  readonly port: number;
}

/** Settings of `jwt-injector run`. */
export interface Config {
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly webhook: WebhookConfig | undefined;
  readonly controller: ControllerConfig | undefined;
  /** The only namespaces to look at, with Roles alone; `undefined` = all. Not empty. */
  readonly namespaces: readonly string[] | undefined;
  readonly httpAddress: Address;
  readonly logLevel: LogLevel;
}

/** Settings of the admission half. */
export interface WebhookConfig {
  readonly address: Address;
  readonly certFile: string;
  readonly keyFile: string;
  /**
   * Whether the default by namespace label is in use; without it (and without a controller) no cluster is needed.
   * Never with `namespaces`: Namespaces themselves can be read with a ClusterRole only.
   */
  readonly namespaceDefault: boolean;
}

/** Settings of the reconcile half. */
export interface ControllerConfig {
  /** JWTs worked on at once, and so writes in flight. */
  readonly workers: number;
  /** Namespace meant when a JWT names a key Secret without one; `undefined` = the JWT's own. */
  readonly legacyKeyNamespace: string | undefined;
  /** Leader election; durations as in client-go. */
  readonly lease: LeaseConfig;
}

/** Leader election; durations in milliseconds, the longest first. */
export interface LeaseConfig {
  /** Namespace of the Lease; `undefined` = the service's own. */
  readonly namespace: string | undefined;
  readonly duration: Milliseconds;
  readonly renewDeadline: Milliseconds;
  readonly retryPeriod: Milliseconds;
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
/** pino's levels, and `silent`. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** One flag of `run`, as `commands/flags.ts` has those of the other commands. */
interface Flag {
  readonly type: 'string' | 'boolean';
  readonly default?: string;
  readonly value?: string;
  readonly help: string;
}

/**
 * Every flag of `run`. Each can be set by an environment variable: JWT_INJECTOR_ and its name, upper case, dashes as
 * underscores.
 */
export const RUN_FLAGS = {
  kubeconfig: {
    type: 'string',
    value: 'FILE',
    help: 'kubeconfig (default: $KUBECONFIG, or the ServiceAccount of the pod)',
  },
  context: { type: 'string', value: 'NAME', help: 'context of the kubeconfig' },
  'webhook-address': {
    type: 'string',
    value: 'ADDRESS',
    default: ':8443',
    help: 'where the admission webhook listens (HTTPS)',
  },
  'http-address': {
    type: 'string',
    value: 'ADDRESS',
    default: ':8080',
    help: 'where /livez, /readyz and /metrics are (plain HTTP)',
  },
  'tls-cert-file': { type: 'string', value: 'FILE', help: 'certificate chain of the webhook, PEM' },
  'tls-key-file': { type: 'string', value: 'FILE', help: 'private key of that certificate, PEM' },
  'log-level': { type: 'string', value: 'LEVEL', default: 'info', help: LOG_LEVELS.join(', ') },
  namespaces: {
    type: 'string',
    value: 'A,B',
    help: 'work in these namespaces only, with Roles instead of a ClusterRole\n(and without the namespace default)',
  },
  workers: { type: 'string', value: 'N', default: '32', help: 'JWTs worked on at the same time' },
  'legacy-key-namespace': {
    type: 'string',
    value: 'NS',
    help: 'namespace of key Secrets for JWTs that name none\n(default: the namespace of the JWT)',
  },
  'lease-namespace': {
    type: 'string',
    value: 'NS',
    help: 'namespace of the Lease for leader election\n(default: the namespace of the pod)',
  },
  'lease-duration': {
    type: 'string',
    value: 'DURATION',
    default: '15s',
    help: 'how long a Lease is valid without being renewed',
  },
  'renew-deadline': {
    type: 'string',
    value: 'DURATION',
    default: '10s',
    help: 'how long the leader tries to renew its Lease before it gives up',
  },
  'retry-period': {
    type: 'string',
    value: 'DURATION',
    default: '2s',
    help: 'how often the Lease is renewed or tried for',
  },
  'no-webhook': { type: 'boolean', help: 'only keep tokens fresh' },
  'no-controller': { type: 'boolean', help: 'only answer admission reviews' },
  'no-namespace-default': { type: 'boolean', help: 'do not read the labels of namespaces' },
} as const satisfies Record<string, Flag>;

type FlagName = keyof typeof RUN_FLAGS;
type Environment = Readonly<Record<string, string | undefined>>;

/** Reads flags and environment; flags win. Names every problem at once, one sentence each. */
export function parseConfig(
  args: readonly string[],
  environment: Environment,
): Result<Config, readonly string[]> {
  const problems: string[] = [];
  const given = readFlags(args, problems);
  const text = (name: FlagName): string | undefined => {
    const flag: Flag = RUN_FLAGS[name];
    const value = given.get(name) ?? environment[environmentName(name)] ?? flag.default;
    return value === '' ? undefined : value;
  };
  const isOn = (name: FlagName): boolean => {
    const value = text(name) ?? 'false';
    if (value !== 'true' && value !== 'false')
      problems.push(`--${name} must be true or false, not "${value}"`);
    return value === 'true';
  };
  const parsed = <T>(
    name: FlagName,
    parse: (value: string) => T | undefined,
    expected: string,
    otherwise: T,
  ): T => {
    const value = text(name) ?? '';
    const result = parse(value);
    if (result === undefined) problems.push(`--${name} must be ${expected}, not "${value}"`);
    return result ?? otherwise;
  };
  const address = (name: FlagName): Address =>
    parsed(name, parseAddress, 'host:port or :port', { host: undefined, port: 0 });
  const duration = (name: FlagName): Milliseconds =>
    parsed(name, parseGoDuration, 'a duration such as 15s or 1m30s', 0);

  const listed = text('namespaces');
  const namespaces =
    listed === undefined
      ? undefined
      : parsed('namespaces', parseNamespaces, 'names of namespaces, separated by commas', []);
  const noWebhook = isOn('no-webhook');
  const noController = isOn('no-controller');
  if (noWebhook && noController)
    problems.push('--no-webhook and --no-controller together leave nothing to do: remove one of them');
  const certFile = text('tls-cert-file');
  const keyFile = text('tls-key-file');
  if (!noWebhook && (certFile === undefined || keyFile === undefined)) {
    problems.push(
      'the webhook needs a certificate: set --tls-cert-file and --tls-key-file (or --no-webhook)',
    );
  }
  const lease = {
    namespace: text('lease-namespace'),
    duration: duration('lease-duration'),
    renewDeadline: duration('renew-deadline'),
    retryPeriod: duration('retry-period'),
  };
  if (lease.duration <= lease.renewDeadline || lease.renewDeadline <= lease.retryPeriod * 1.2) {
    problems.push(
      '--lease-duration must be longer than --renew-deadline, and that longer than 1.2 × --retry-period',
    );
  }
  const config: Config = {
    kubeconfig: text('kubeconfig'),
    context: text('context'),
    webhook: noWebhook
      ? undefined
      : {
          address: address('webhook-address'),
          certFile: certFile ?? '',
          keyFile: keyFile ?? '',
          namespaceDefault: !isOn('no-namespace-default') && namespaces === undefined,
        },
    controller: noController
      ? undefined
      : {
          workers: parsed('workers', parseCount, 'a whole number from 1 to 1024', 1),
          legacyKeyNamespace: text('legacy-key-namespace'),
          lease,
        },
    namespaces,
    httpAddress: address('http-address'),
    logLevel: parsed('log-level', parseLogLevel, `one of ${LOG_LEVELS.join(', ')}`, 'info'),
  };
  return problems.length === 0 ? ok(config) : fail(problems);
}

/** `--webhook-address` → `JWT_INJECTOR_WEBHOOK_ADDRESS`. */
export function environmentName(option: string): string {
  return `JWT_INJECTOR_${option.toUpperCase().replaceAll('-', '_')}`;
}

/** Flags as text (`true` for a boolean one). What is unknown or in the wrong place is a problem, not an exception. */
function readFlags(args: readonly string[], problems: string[]): ReadonlyMap<string, string> {
  const options = Object.fromEntries(Object.entries(RUN_FLAGS).map(([name, { type }]) => [name, { type }]));
  const { tokens } = parseArgs({
    args: [...args],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const given = new Map<string, string>();
  for (const token of tokens) {
    if (token.kind === 'positional') problems.push(`"${token.value}" is not a flag: run takes flags only`);
    if (token.kind !== 'option') continue;
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (option === undefined)
      problems.push(`${token.rawName} is not a flag of run: see jwt-injector run --help`);
    else if (option.type === 'boolean') given.set(token.name, token.value ?? 'true');
    else if (token.value === undefined) problems.push(`${token.rawName} needs a value`);
    else given.set(token.name, token.value);
  }
  return given;
}

function parseAddress(text: string): Address | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) return undefined;
  const host = match[1] ?? match[2];
  return { host: host === '' ? undefined : host, port };
}

function parseNamespaces(text: string): readonly string[] | undefined {
  const names = new Set(text.split(',').map((name) => name.trim()));
  const areNames = [...names].every((name) => /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name));
  return areNames ? [...names] : undefined;
}

function parseCount(text: string): number | undefined {
  const count = Number(text);
  return Number.isInteger(count) && count >= 1 && count <= 1024 ? count : undefined;
}

function parseLogLevel(text: string): LogLevel | undefined {
  return LOG_LEVELS.find((level) => level === text);
}
