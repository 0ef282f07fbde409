import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  findCertificateConfig,
  findNamespaces,
  hasNamespaceDefault,
  isPromptDelivery,
} from '../../../src/commands/installation/deployment-flags.ts';
import { parseConfig } from '../../../src/config/config.ts';
import { fail, ok } from '../../../src/resources/result.ts';
import { problem, unknown } from '../../../src/commands/installation/finding.ts';
import { CORRECT_FLAG } from '../../../src/commands/installation/remedies.ts';

/** The certificate's files, so that all settings are allowed together with `--namespaces`. */
const CERTIFICATE = ['--tls-cert-file=c', '--tls-key-file=k'];

function deploymentWith(args: readonly string[], env: readonly object[] = []): object {
  const container = { name: 'jwt-injector', args, env };
  return { spec: { template: { spec: { containers: [{ name: 'sidecar' }, container] } } } };
}

/** Arguments, and variables of the environment. */
const cases: readonly (readonly [args: readonly string[], environment: Record<string, string>])[] = [
  [[], {}],
  [['--namespaces=a', '--namespaces=b, c,b'], {}],
  [['--namespaces', 'a'], {}],
  [['--namespaces=a'], { NAMESPACES: 'b' }],
  [['--namespaces='], { NAMESPACES: 'b' }],
  [[], { NAMESPACES: 'b' }],
  [[], { NAMESPACES: '' }],
  [['--prompt-delivery'], {}],
  [['--prompt-delivery', '--prompt-delivery=false'], {}],
  [['--prompt-delivery=false', '--prompt-delivery=true'], {}],
  [['--prompt-delivery='], {}],
  [['--prompt-delivery='], { PROMPT_DELIVERY: 'true' }],
  [[], { PROMPT_DELIVERY: '' }],
  [[], { PROMPT_DELIVERY: 'true' }],
  [['--no-namespace-default'], {}],
  [['--no-namespace-default=false'], { NO_NAMESPACE_DEFAULT: 'true' }],
  [['--no-namespace-default='], {}],
  [['--tls-secret=a', '--tls-secret=b', '--tls-cert-file=', '--tls-key-file='], {}],
  [['--tls-secret=', '--tls-cert-file=', '--tls-key-file='], { TLS_SECRET: 'b' }],
  [['--tls-cert-file=', '--tls-key-file='], { TLS_SECRET: '' }],
];

describe('the flags of a Deployment are read as run reads them', () => {
  for (const [args, environment] of cases) {
    const named = Object.entries(environment).map(
      ([name, value]) => [`JWT_INJECTOR_${name}`, value] as const,
    );
    const variables = named.map(([name, value]) => `${name}=${value}`);
    it([...variables, ...args].join(' ') || 'without any', () => {
      const all = [...CERTIFICATE, ...args];
      const config = parseConfig(all, Object.fromEntries(named));
      assert.ok(config.ok, config.ok ? '' : config.problem.join());
      const env = named.map(([name, value]) => ({ name, value }));
      const deployment = { ...deploymentWith(['run', ...all], env) };
      const { webhook, controller, namespaces } = config.value;
      assert.deepEqual(findNamespaces(deployment), ok(namespaces));
      assert.equal(isPromptDelivery(deployment), controller?.promptDelivery);
      assert.equal(hasNamespaceDefault(deployment), webhook?.usesNamespaceDefault);
      assert.deepEqual(findCertificateConfig(deployment), ok(webhook?.certificate));
    });
  }

  it('a variable counts as not set if its value is in another object', () => {
    const valueFrom = { configMapKeyRef: { name: 'settings', key: 'namespaces' } };
    const deployment = { ...deploymentWith([], [{ name: 'JWT_INJECTOR_NAMESPACES', valueFrom }]) };
    assert.deepEqual(findNamespaces(deployment), ok(undefined));
  });

  it('flags of another version change nothing', () => {
    const deployment = { ...deploymentWith(['--new=1', '--namespaces=a', '--other']) };
    assert.deepEqual(findNamespaces(deployment), ok(['a']));
  });

  it('no Deployment limits nothing', () => {
    assert.deepEqual(findNamespaces(undefined), ok(undefined));
    assert.equal(isPromptDelivery(undefined), false);
  });

  it('a value with a variable that the kubelet expands is not known', () => {
    const says =
      'the Deployment sets --namespaces to "$(POD_NAMESPACE)", which is known in its containers only';
    const byVariable = deploymentWith([], [{ name: 'JWT_INJECTOR_NAMESPACES', value: '$(POD_NAMESPACE)' }]);
    for (const deployment of [deploymentWith(['--namespaces=$(POD_NAMESPACE)']), byVariable])
      assert.deepEqual(findNamespaces({ ...deployment }), fail(unknown(says)));
  });

  it('what run refuses is said as run says it, and nothing is taken for it', () => {
    const secret =
      'the Deployment has an invalid flag: --tls-secret must be the name of a Secret, not "Bad_Name"';
    const byVariable = deploymentWith([], [{ name: 'JWT_INJECTOR_TLS_SECRET', value: 'Bad_Name' }]);
    for (const deployment of [deploymentWith(['--tls-secret=Bad_Name']), byVariable])
      assert.deepEqual(findCertificateConfig({ ...deployment }), fail(problem(secret, CORRECT_FLAG)));
    const withoutValue = { ...deploymentWith(['--tls-secret']) };
    const needed = 'the Deployment has an invalid flag: --tls-secret needs a value';
    assert.deepEqual(findCertificateConfig(withoutValue), fail(problem(needed, CORRECT_FLAG)));
    const namespaces =
      'the Deployment has an invalid flag: --namespaces must be names of namespaces, separated by commas, not "a,,b"';
    assert.deepEqual(
      findNamespaces({ ...deploymentWith(['--namespaces=a,,b']) }),
      fail(problem(namespaces, CORRECT_FLAG)),
    );
    assert.deepEqual(findNamespaces({ ...deploymentWith(['--tls-secret=Bad_Name']) }), ok(undefined));
  });
});
