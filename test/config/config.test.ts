import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseConfig, type Config } from '../../src/config/config.ts';
import { NO_POLICY } from '../../src/resources/signing-policy.ts';
import { environmentName, RUN_FLAGS } from '../../src/config/run-flags.ts';

const CERTIFICATE = ['--tls-cert-file=c', '--tls-key-file=k'];

function read(args: readonly string[], environment: Record<string, string> = {}): Config {
  const config = parseConfig([...CERTIFICATE, ...args], environment);
  assert.ok(config.ok, config.ok ? '' : config.problem.join('\n'));
  return config.value;
}

function problems(args: readonly string[], environment: Record<string, string> = {}): readonly string[] {
  const config = parseConfig(args, environment);
  return config.ok ? [] : config.problem;
}

function filesOf({ webhook }: Config) {
  return webhook?.certificate.from === 'files' ? webhook.certificate : undefined;
}

const everywhere = (port: number): object => ({ host: undefined, port });

describe('the settings of run', () => {
  it('have defaults', () => {
    assert.deepEqual(read([]), {
      kubeconfig: undefined,
      context: undefined,
      isInPod: false,
      webhook: {
        address: everywhere(8443),
        ips: undefined,
        sharesPort: false,
        certificate: { from: 'files', certFile: 'c', keyFile: 'k' },
        usesNamespaceDefault: true,
      },
      controller: {
        workers: 32,
        legacyKeyNamespace: undefined,
        promptDelivery: false,
        lease: { namespace: undefined, duration: 15_000, renewDeadline: 10_000, retryPeriod: 2_000 },
      },
      namespaces: undefined,
      policy: NO_POLICY,
      httpAddress: everywhere(8080),
      logLevel: 'info',
      withoutEffect: [],
      unknownVariables: [],
    });
  });

  type Name = keyof typeof RUN_FLAGS;
  const flags: Readonly<Record<Name, readonly [string, (config: Config) => unknown, unknown]>> = {
    kubeconfig: ['/k', (config) => config.kubeconfig, '/k'],
    context: ['x', (config) => config.context, 'x'],
    'webhook-address': ['[::1]:1', (config) => config.webhook?.address, { host: '::1', port: 1 }],
    'webhook-ips': ['10.0.0.1, fd00::1,10.0.0.1', (config) => config.webhook?.ips, ['10.0.0.1', 'fd00::1']],
    'share-webhook-port': ['true', (config) => config.webhook?.sharesPort, true],
    'http-address': ['127.0.0.1:0', (config) => config.httpAddress, { host: '127.0.0.1', port: 0 }],
    'tls-secret': ['my-tls', (config) => config.webhook?.certificate.from, 'files'],
    'tls-cert-file': ['/c', (config) => filesOf(config)?.certFile, '/c'],
    'tls-key-file': ['/p', (config) => filesOf(config)?.keyFile, '/p'],
    'log-level': ['debug', (config) => config.logLevel, 'debug'],
    namespaces: [
      'a, b,a',
      (config) => [config.namespaces, config.webhook?.usesNamespaceDefault],
      [['a', 'b'], false],
    ],
    workers: ['1024', (config) => config.controller?.workers, 1024],
    'legacy-key-namespace': ['old', (config) => config.controller?.legacyKeyNamespace, 'old'],
    'prompt-delivery': ['true', (config) => config.controller?.promptDelivery, true],
    'forbid-inline-keys': ['true', (config) => config.policy.forbidInlineKeys, true],
    'min-lifetime': ['30m', (config) => config.policy.minLifetime, 1_800],
    'max-lifetime': ['1.5h', (config) => config.policy.maxLifetime, 5_400],
    'allowed-issuers': ['https://a, b,b', (config) => config.policy.allowedIssuers, ['https://a', 'b']],
    'lease-namespace': ['ns', (config) => config.controller?.lease.namespace, 'ns'],
    'lease-duration': ['1m30s', (config) => config.controller?.lease.duration, 90_000],
    'renew-deadline': ['12.5s', (config) => config.controller?.lease.renewDeadline, 12_500],
    'retry-period': ['500ms', (config) => config.controller?.lease.retryPeriod, 500],
    'no-webhook': ['true', (config) => config.webhook, undefined],
    'no-controller': ['true', (config) => config.controller, undefined],
    'no-namespace-default': ['true', (config) => config.webhook?.usesNamespaceDefault, false],
  };
  for (const name of Object.keys(RUN_FLAGS) as Name[]) {
    const [value, find, expected] = flags[name];
    it(`come from --${name} and from its environment variable, and the flag wins`, () => {
      const isBoolean = RUN_FLAGS[name].type === 'boolean';
      const variable = environmentName(name);
      const flag = isBoolean ? `--${name}` : `--${name}=${value}`;
      assert.deepEqual(find(read([flag])), expected);
      const certificate = name.startsWith('tls-')
        ? CERTIFICATE.filter((item) => !item.startsWith(`--${name}`))
        : CERTIFICATE;
      const fromVariable = parseConfig(certificate, { [variable]: value });
      assert.deepEqual(find(fromVariable.ok ? fromVariable.value : read([])), expected, variable);
      assert.deepEqual(find(read([flag], { [variable]: 'never looked at' })), expected);
    });
  }

  it('show whether this is a pod, by the variable that Kubernetes sets', () => {
    assert.equal(read([], { KUBERNETES_SERVICE_HOST: '10.0.0.1' }).isInPod, true);
  });

  it('take the value of a flag from the next argument, and the last of two', () => {
    assert.equal(read(['--workers', '5']).controller?.workers, 5);
    assert.equal(read(['--workers=5', '--workers=6']).controller?.workers, 6);
  });

  it('treat an empty value as not set: its default counts', () => {
    for (const name of Object.keys(RUN_FLAGS)) {
      assert.deepEqual(parseConfig([`--${name}=`], {}), parseConfig([], {}), name);
      assert.deepEqual(parseConfig([], { [environmentName(name)]: '' }), parseConfig([], {}), name);
    }
  });

  it('can switch a value of the environment off', () => {
    assert.equal(read(['--kubeconfig='], { JWT_INJECTOR_KUBECONFIG: '/k' }).kubeconfig, undefined);
    assert.equal(read(['--workers='], { JWT_INJECTOR_WORKERS: '5' }).controller?.workers, 32);
  });

  it('can switch a flag of the environment off', () => {
    assert.ok(
      read(['--no-controller=false'], { JWT_INJECTOR_NO_CONTROLLER: 'true' }).controller !== undefined,
    );
  });

  it('use a self-issued certificate in a Secret if no files are set', () => {
    const named = (args: readonly string[], environment = {}): unknown => {
      const config = parseConfig(args, environment);
      return config.ok ? config.value.webhook?.certificate : config.problem;
    };
    assert.deepEqual(named([]), { from: 'secret', name: 'jwt-injector-tls' });
    assert.deepEqual(named(['--tls-secret=my-tls']), { from: 'secret', name: 'my-tls' });
    assert.deepEqual(named([], { JWT_INJECTOR_TLS_SECRET: 'b' }), { from: 'secret', name: 'b' });
  });

  it('need files of a certificate with --namespaces, but none without the webhook', () => {
    const needed =
      '--namespaces needs --tls-cert-file and --tls-key-file: a self-issued certificate takes rights on webhook configurations, which have no namespace (or --no-webhook)';
    assert.deepEqual(problems(['--namespaces=a']), [needed]);
    assert.deepEqual(problems(['--namespaces=a', '--no-webhook']), []);
  });

  const count = (given: string): string => `--workers must be a whole number from 1 to 1024, not "${given}"`;
  const secretName = (given: string): string => `--tls-secret must be the name of a Secret, not "${given}"`;
  const address = (given: string): string => `--http-address must be host:port or :port, not "${given}"`;
  const ips = (given: string): string =>
    `--webhook-ips must be IP addresses, separated by commas, not "${given}"`;
  const namespaces = (given: string): string =>
    `--namespaces must be names of namespaces, separated by commas, not "${given}"`;
  const leaseNamespace = (given: string): string =>
    `--lease-namespace must be the name of a namespace, not "${given}"`;
  const span = (flag: string, given: string): string =>
    `--${flag} must be a duration such as 15s or 1m30s, not "${given}"`;
  const lifetime = (flag: string, given: string): string =>
    `--${flag} must be a duration such as 12h or 30m, not "${given}"`;
  const boolean = (flag: string, given: string): string => `--${flag} must be true or false, not "${given}"`;
  const HALF_A_PAIR =
    '--tls-cert-file and --tls-key-file belong together: set both, or none for a self-issued certificate';

  /** Arguments, and the complete list of problems that are reported. */
  const refused: readonly (readonly [args: readonly string[], ...problems: readonly string[]])[] = [
    [['--bogus'], '--bogus is not a flag of run: see jwt-injector run --help'],
    [['--constructor=1'], '--constructor is not a flag of run: see jwt-injector run --help'],
    [['run'], '"run" is not a flag: run takes flags only'],
    [['--workers'], '--workers needs a value'],
    ...['0', '1025', '1.5', '0x10', '1e2', '05', ' 5', '10240'].map(
      (given) => [[`--workers=${given}`], count(given)] as const,
    ),
    ...['8080', ':65536', '::1:80'].map((given) => [[`--http-address=${given}`], address(given)] as const),
    [['--log-level=loud'], '--log-level must be one of trace, debug, info, warn, error, silent, not "loud"'],
    [['--no-webhook=yes'], boolean('no-webhook', 'yes')],
    [
      ['--no-webhook', '--no-controller'],
      '--no-webhook and --no-controller together leave nothing to do: remove one of them',
    ],
    [['--no-controller', '--lease-duration=x'], span('lease-duration', 'x')],
    [
      ['--no-webhook', '--webhook-address=nowhere'],
      '--webhook-address must be host:port or :port, not "nowhere"',
    ],
    ...['10.0.0.1,localhost', '10.0.0.1,'].map((given) => [[`--webhook-ips=${given}`], ips(given)] as const),
    [['--no-webhook', '--webhook-ips=10.0.0'], ips('10.0.0')],
    [
      ['--webhook-ips=::1', '--webhook-address=[::1]:1'],
      '--webhook-ips takes the place of the host in --webhook-address: leave the host out, as in :8443',
    ],
    ...['a,,b', 'Not_A_Name'].map((given) => [[`--namespaces=${given}`], namespaces(given)] as const),
    [
      ['--legacy-key-namespace=Old/Keys'],
      '--legacy-key-namespace must be the name of a namespace, not "Old/Keys"',
    ],
    [['--lease-namespace=a,b'], leaseNamespace('a,b')],
    [['--no-controller', '--lease-namespace=a.b'], leaseNamespace('a.b')],
    [
      ['--min-lifetime=2h', '--max-lifetime=1h'],
      '--min-lifetime must not be longer than --max-lifetime: no JWT could meet both',
    ],
    [['--max-lifetime=1d'], lifetime('max-lifetime', '1d')],
    [['--allowed-issuers=a,,b'], '--allowed-issuers must be issuers, separated by commas, not "a,,b"'],
    [['--tls-cert-file='], HALF_A_PAIR],
    ...['No_Name', 'a..b', 'a.-b', 'a-.b', '.a', 'x'.repeat(254)].map(
      (given) => [[`--tls-secret=${given}`], secretName(given)] as const,
    ),
    [['--lease-duration=15'], span('lease-duration', '15')],
    [['--lease-duration=10s'], '--lease-duration must be longer than --renew-deadline'],
    [['--retry-period=9s'], '--renew-deadline must be longer than 1.2 × --retry-period'],
    [
      ['--lease-duration=5s', '--renew-deadline=5s', '--retry-period=5s'],
      '--lease-duration must be longer than --renew-deadline',
      '--renew-deadline must be longer than 1.2 × --retry-period',
    ],
    [['--lease-duration=596524h'], '--lease-duration must be at most 596523h: a Lease takes no longer one'],
  ];
  for (const [args, ...expected] of refused) {
    it(`are refused for ${args.join(' ').slice(0, 80)}`, () => {
      assert.deepEqual(problems([...CERTIFICATE, ...args]), expected);
    });
  }

  it('can be as long as a Lease allows', () => {
    assert.equal(read(['--lease-duration=596523h']).controller?.lease.duration, 596_523 * 3_600_000);
  });

  it('of the webhook are also checked if it is off, like those of the controller', () => {
    const both = ['--tls-secret=A_B', '--no-namespace-default=maybe', '--share-webhook-port=maybe'];
    const expected = [
      boolean('share-webhook-port', 'maybe'),
      secretName('A_B'),
      boolean('no-namespace-default', 'maybe'),
    ];
    assert.deepEqual(problems(['--no-webhook', ...both]), expected);
    assert.deepEqual(problems(['--no-webhook', '--tls-cert-file=c']), [HALF_A_PAIR]);
    const controller = ['--workers=x', '--prompt-delivery=maybe'];
    assert.deepEqual(problems(['--no-controller', ...controller]), [
      count('x'),
      boolean('prompt-delivery', 'maybe'),
    ]);
  });

  /** A value that is wrong by itself is not compared with others. */
  const alone: readonly (readonly [args: readonly string[], problem: string])[] = [
    [['--lease-duration=abc'], span('lease-duration', 'abc')],
    [['--renew-deadline=abc'], span('renew-deadline', 'abc')],
    [['--retry-period=abc'], span('retry-period', 'abc')],
    [['--max-lifetime=abc', '--min-lifetime=1h'], lifetime('max-lifetime', 'abc')],
    [['--namespaces=a,,b'], namespaces('a,,b')],
    [['--namespaces=a', '--no-webhook=yes'], boolean('no-webhook', 'yes')],
    [['--no-webhook=yes', '--no-controller'], boolean('no-webhook', 'yes')],
    [['--tls-key-file=k', '--tls-cert-file'], '--tls-cert-file needs a value'],
    [['--namespaces=a', '--tls-cert-file=c'], HALF_A_PAIR],
    [['--namespaces=a', '--tls-key-file=k'], HALF_A_PAIR],
    [['--webhook-ips=x', '--webhook-address=[::1]:1'], ips('x')],
  ];
  for (const [args, problem] of alone) {
    it(`have one problem with ${args.join(' ')}`, () => {
      assert.deepEqual(problems(args), [problem]);
    });
  }

  it('name every problem at once', () => {
    const wrong = ['--bogus', '--tls-cert-file=c', '--workers=x', '--log-level=y', '--http-address=z'];
    assert.deepEqual(problems([...wrong, '--lease-duration=9s', '--retry-period=w']), [
      '--bogus is not a flag of run: see jwt-injector run --help',
      HALF_A_PAIR,
      count('x'),
      span('retry-period', 'w'),
      '--lease-duration must be longer than --renew-deadline',
      address('z'),
      '--log-level must be one of trace, debug, info, warn, error, silent, not "y"',
    ]);
  });
});
