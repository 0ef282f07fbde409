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

  it('know whether this is a pod by the variable that Kubernetes sets', () => {
    assert.equal(read([], { KUBERNETES_SERVICE_HOST: '10.0.0.1' }).isInPod, true);
  });

  it('take the value of a flag from the next argument, and the last of two', () => {
    assert.equal(read(['--workers', '5']).controller?.workers, 5);
    assert.equal(read(['--workers=5', '--workers=6']).controller?.workers, 6);
  });

  it('treat an empty value as not set', () => {
    assert.equal(read(['--kubeconfig='], { JWT_INJECTOR_CONTEXT: '' }).kubeconfig, undefined);
    assert.equal(read([], { JWT_INJECTOR_CONTEXT: '' }).context, undefined);
  });

  it('can switch a flag of the environment off', () => {
    assert.ok(
      read(['--no-controller=false'], { JWT_INJECTOR_NO_CONTROLLER: 'true' }).controller !== undefined,
    );
  });

  it('take a self-issued certificate in a Secret where no files are set', () => {
    const named = (args: readonly string[], environment = {}): unknown => {
      const config = parseConfig(args, environment);
      return config.ok ? config.value.webhook?.certificate : config.problem;
    };
    assert.deepEqual(named([]), { from: 'secret', name: 'jwt-injector-tls' });
    assert.deepEqual(named(['--tls-secret=my-tls']), { from: 'secret', name: 'my-tls' });
    assert.deepEqual(named([], { JWT_INJECTOR_TLS_SECRET: 'b' }), { from: 'secret', name: 'b' });
  });

  it('need files of a certificate with --namespaces, but none without the webhook', () => {
    assert.match(
      problems(['--namespaces=a']).join(),
      /--namespaces needs --tls-cert-file and --tls-key-file/,
    );
    assert.deepEqual(problems(['--namespaces=a', '--no-webhook']), []);
  });

  const refused: readonly (readonly [readonly string[], RegExp])[] = [
    [['--bogus'], /--bogus is not a flag of run: see jwt-injector run --help/],
    [['--constructor=1'], /--constructor is not a flag/],
    [['run'], /"run" is not a flag: run takes flags only/],
    [['--workers'], /--workers needs a value/],
    [['--workers=0'], /--workers must be a whole number from 1 to 1024, not "0"/],
    [['--workers=1025'], /from 1 to 1024/],
    [['--workers=1.5'], /from 1 to 1024/],
    [['--http-address=8080'], /--http-address must be host:port or :port, not "8080"/],
    [['--http-address=:65536'], /host:port/],
    [['--http-address=::1:80'], /host:port/],
    [['--log-level=loud'], /--log-level must be one of trace, debug, info, warn, error, silent/],
    [['--no-webhook=yes'], /--no-webhook must be true or false, not "yes"/],
    [['--no-webhook', '--no-controller'], /leave nothing to do: remove one of them/],
    [['--no-controller', '--lease-duration=x'], /--lease-duration/],
    [['--no-webhook', '--webhook-address=nowhere'], /--webhook-address/],
    [['--webhook-ips=10.0.0.1,localhost'], /--webhook-ips must be IP addresses, separated by commas/],
    [['--webhook-ips=10.0.0.1,'], /--webhook-ips must be IP addresses/],
    [['--no-webhook', '--webhook-ips=10.0.0'], /--webhook-ips must be IP addresses/],
    [['--webhook-ips=::1', '--webhook-address=[::1]:1'], /leave the host out, as in :8443/],
    [['--namespaces=a,,b'], /--namespaces must be names of namespaces, separated by commas/],
    [['--namespaces=Not_A_Name'], /--namespaces/],
    [
      ['--legacy-key-namespace=Old/Keys'],
      /--legacy-key-namespace must be the name of a namespace, not "Old\/Keys"/,
    ],
    [['--lease-namespace=a,b'], /--lease-namespace must be the name of a namespace, not "a,b"/],
    [['--no-controller', '--lease-namespace=a.b'], /--lease-namespace must be the name of a namespace/],
    [['--min-lifetime=2h', '--max-lifetime=1h'], /--min-lifetime must not be longer than --max-lifetime/],
    [['--max-lifetime=1d'], /--max-lifetime must be a duration such as 12h or 30m, not "1d"/],
    [['--allowed-issuers=a,,b'], /--allowed-issuers must be issuers, separated by commas/],
    [['--tls-cert-file='], /--tls-cert-file and --tls-key-file belong together: set both, or none/],
    [['--tls-secret=No_Name'], /--tls-secret must be the name of a Secret, not "No_Name"/],
    [['--lease-duration=15'], /--lease-duration must be a duration such as 15s or 1m30s, not "15"/],
    [['--lease-duration=10s'], /--lease-duration must be longer than --renew-deadline/],
    [['--retry-period=9s'], /longer than 1\.2 × --retry-period/],
  ];
  for (const [args, says] of refused) {
    it(`are refused for ${args.join(' ')}`, () => {
      const found = problems([...CERTIFICATE, ...args]);
      assert.ok(
        found.some((problem) => says.test(problem)),
        found.join('\n'),
      );
    });
  }

  it('name every problem at once', () => {
    const found = problems([
      '--bogus',
      '--tls-cert-file=c',
      '--workers=x',
      '--log-level=y',
      '--http-address=z',
      '--retry-period=w',
    ]);
    for (const name of ['bogus', 'workers', 'log-level', 'http-address', 'retry-period', 'tls-cert-file'])
      assert.equal(found.filter((problem) => problem.includes(`--${name} `)).length >= 1, true, name);
  });
});
