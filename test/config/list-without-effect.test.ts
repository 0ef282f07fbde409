import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseConfig, type Config } from '../../src/config/config.ts';

function read(args: readonly string[], environment: Record<string, string> = {}): Config {
  const config = parseConfig(['--tls-cert-file=c', '--tls-key-file=k', ...args], environment);
  assert.ok(config.ok, config.ok ? '' : config.problem.join('\n'));
  return config.value;
}

describe('the settings without effect', () => {
  it('are those that were given to a part that is off', () => {
    const without = (args: readonly string[], environment = {}): readonly string[] =>
      read(args, environment).withoutEffect;
    const lease = ['--lease-namespace=a', '--lease-duration=20s', '--renew-deadline=9s', '--retry-period=1s'];
    const controller = ['--workers=5', '--legacy-key-namespace=a', '--prompt-delivery', ...lease];
    const isOff = ['--no-controller', '--no-namespace-default'];
    assert.deepEqual(
      without([...isOff, '--kubeconfig=k', '--context=c', ...controller]).map((name) => `--${name}`),
      [...controller, '--kubeconfig=k', '--context=c'].map((flag) => flag.replace(/=.*/, '')),
    );
    assert.deepEqual(without([...isOff, '--workers=32', '--prompt-delivery=false']), []);
    assert.deepEqual(without(['--no-controller', '--context=c', '--tls-secret=mine']), ['tls-secret']);
    assert.deepEqual(without(controller), []);
    const webhook = { JWT_INJECTOR_WEBHOOK_IPS: '10.0.0.1', JWT_INJECTOR_SHARE_WEBHOOK_PORT: 'true' };
    assert.deepEqual(without(['--no-webhook', '--webhook-address=:1'], webhook), [
      'webhook-address',
      'webhook-ips',
      'share-webhook-port',
      'tls-cert-file',
      'tls-key-file',
    ]);
  });

  it('have variables of no flag beside them, but not those that Kubernetes sets for Services', () => {
    const { unknownVariables } = read([], {
      JWT_INJECTOR_WORKER: '5',
      JWT_INJECTOR_WORKERS: '5',
      JWT_INJECTOR_SERVICE_HOST: '10.0.0.1',
      JWT_INJECTOR_PORT: 'tcp://10.0.0.1:443',
      JWT_INJECTOR_PORT_443_TCP_ADDR: '10.0.0.1',
      JWT_INJECTOR_PORT_443_TCP: 'tcp://10.0.0.1:443',
      JWT_INJECTOR_PORT_443_TCP_PROTO: 'tcp',
      JWT_INJECTOR_PORT_443_TCP_PORT: '443',
      JWT_INJECTOR_WEBHOOK_SERVICE_PORT: '443',
      JWT_INJECTOR_WEBHOOK_SERVICE_PORT_HTTPS: '443',
      JWT_INJECTOR_DNS_PORT: 'udp://[fd00::1]:53',
      JWT_INJECTOR_DNS_PORT_53_UDP: 'udp://[fd00::1]:53',
      PATH: '/bin',
    });
    assert.deepEqual(unknownVariables, ['JWT_INJECTOR_WORKER']);
  });

  it('have likely names of a port among them, which Kubernetes sets to URLs only', () => {
    const environment = {
      JWT_INJECTOR_PORT: '9090',
      JWT_INJECTOR_HTTP_PORT: '9090',
      JWT_INJECTOR_WEBHOOK_PORT: ':8443',
      JWT_INJECTOR_PORT_NUMBER: '8443',
      JWT_INJECTOR_TLS_SERVICE: 'x',
    };
    assert.deepEqual(read([], environment).unknownVariables, Object.keys(environment));
  });
});
