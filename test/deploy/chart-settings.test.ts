import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { parseConfig, type Config } from '../../src/config/config.ts';
import { createCertificateAuthority } from '../controlplane/certificates.ts';
import { CHART, openHelm, type Helm, type Values } from './helm.ts';
import { readObjects, type Rendered } from './rendered.ts';

interface Container {
  readonly image: string;
  readonly imagePullPolicy: string;
  readonly args: readonly string[];
  readonly resources: unknown;
}

interface PodSpec {
  readonly containers: readonly Container[];
  readonly volumes?: readonly { readonly secret: { readonly secretName: string } }[];
  readonly [field: string]: unknown;
}

interface Template {
  readonly metadata: { readonly labels: Values; readonly annotations: Values };
  readonly spec: PodSpec;
}

const AFFINITY = {
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: ['a'] }] }],
    },
  },
};
const TOLERATIONS = [{ key: 'dedicated', operator: 'Equal', value: 'system', effect: 'NoSchedule' }];
const PEER = { namespaceSelector: { matchLabels: { team: 'monitoring' } } };

/** All values, each different from its default, except for those that exclude others or leave objects out. */
const EVERYTHING: Values = {
  image: { repository: 'r.example/jwt-injector', tag: 'v9', pullPolicy: 'Always' },
  imagePullSecrets: [{ name: 'registry' }],
  replicas: 4,
  separate: true,
  controllerReplicas: 3,
  policy: {
    forbidInlineKeys: true,
    minLifetime: '10m',
    maxLifetime: '12h30m',
    allowedIssuers: ['https://a.example.org/', 'https://b.example.org/?x=1'],
  },
  promptDelivery: { enabled: true },
  logLevel: 'debug',
  extraArgs: ['--workers=7'],
  finalStatePolicy: { enabled: true },
  certificate: { secretName: 'my-tls' },
  serviceAccount: { annotations: { owner: 'storage' } },
  podAnnotations: { note: 'mine' },
  podLabels: { team: 'storage' },
  podSecurityContext: { runAsUser: 1_000_660_000, supplementalGroups: [7] },
  priorityClassName: 'system-cluster-critical',
  resources: { requests: { cpu: '200m', memory: '256Mi' }, limits: { memory: '1Gi' } },
  fallbackWebhook: { resources: { requests: { memory: '128Mi' }, limits: { memory: '1Gi' } } },
  nodeSelector: { 'kubernetes.io/arch': 'arm64' },
  tolerations: TOLERATIONS,
  affinity: AFFINITY,
  topologySpread: { whenUnsatisfiable: 'DoNotSchedule' },
  networkPolicy: { webhookFrom: [{ ipBlock: { cidr: '192.0.2.0/24' } }], metricsFrom: [PEER] },
  monitoring: {
    labels: { release: 'prometheus' },
    podMonitor: { enabled: true },
    serviceMonitor: { enabled: true },
    prometheusRule: { enabled: true },
    dashboard: { enabled: true, labels: { grafana: 'here' } },
  },
};

describe('the chart with every value set', () => {
  let helm: Helm;
  let objects: readonly Rendered[];
  before(async () => {
    helm = await openHelm();
    objects = readObjects(await helm.render(EVERYTHING));
  });
  after(() => helm[Symbol.asyncDispose]());

  const find = (kind: string, name: string, among = objects): Rendered => {
    const found = among.find((object) => object.kind === kind && object.metadata.name === name);
    assert.ok(found, `${kind} ${name}`);
    return found;
  };
  const specOf = (kind: string, name: string, among = objects): unknown => find(kind, name, among)['spec'];
  const templateOf = (name: string, among = objects): Template =>
    (specOf('Deployment', name, among) as { readonly template: Template }).template;
  const read = ({ args }: Container): Config => {
    const config = parseConfig(args.slice(1), {});
    assert.ok(config.ok, JSON.stringify(config));
    return config.value;
  };
  const BOTH = ['jwt-injector', 'jwt-injector-controller'];

  it('gives each container the policy, and the settings of its half', () => {
    const all = BOTH.flatMap((name) => templateOf(name).spec.containers);
    assert.equal(all.length, 3);
    for (const container of all) {
      const { policy, logLevel } = read(container);
      assert.deepEqual(policy, {
        forbidInlineKeys: true,
        minLifetime: 600,
        maxLifetime: 45_000,
        allowedIssuers: ['https://a.example.org/', 'https://b.example.org/?x=1'],
      });
      assert.equal(logLevel, 'debug');
    }
    const [webhook, fallback, controller] = all.map(read);
    assert.deepEqual(
      [webhook, fallback, controller].map((config) => [
        config?.webhook !== undefined,
        config?.controller !== undefined,
      ]),
      [
        [true, false],
        [true, false],
        [false, true],
      ],
    );
    assert.equal(controller?.controller?.workers, 7);
    assert.equal(controller?.controller?.promptDelivery, true);
    for (const config of [webhook, fallback])
      assert.deepEqual(config?.webhook?.certificate, { from: 'secret', name: 'my-tls' });
    assert.equal(find('Secret', 'my-tls').apiVersion, 'v1');
    assert.match(JSON.stringify(find('Role', 'jwt-injector-certificate')), /"resourceNames":\["my-tls"\]/);
  });

  it('has the settings of the pods', () => {
    for (const name of BOTH) {
      const { metadata, spec } = templateOf(name);
      assert.equal(metadata.labels['team'], 'storage');
      assert.equal(metadata.annotations['note'], 'mine');
      assert.equal(spec['priorityClassName'], 'system-cluster-critical');
      assert.deepEqual(spec['imagePullSecrets'], [{ name: 'registry' }]);
      assert.deepEqual(spec['nodeSelector'], { 'kubernetes.io/arch': 'arm64' });
      assert.deepEqual(spec['tolerations'], TOLERATIONS);
      const who = { runAsUser: 1_000_660_000, fsGroup: 65_532, supplementalGroups: [7] };
      assert.partialDeepStrictEqual(spec['securityContext'], who);
      assert.deepEqual(spec['affinity'], AFFINITY);
      assert.match(JSON.stringify(spec['topologySpreadConstraints']), /"whenUnsatisfiable":"DoNotSchedule"/);
      for (const { image, imagePullPolicy } of spec.containers)
        assert.deepEqual([image, imagePullPolicy], ['r.example/jwt-injector:v9', 'Always']);
      assert.deepEqual(spec.containers[0]?.resources, EVERYTHING['resources']);
      assert.deepEqual(find('ServiceAccount', name).metadata.annotations, { owner: 'storage' });
    }
    const [, fallback] = templateOf('jwt-injector').spec.containers;
    const memory = { requests: { cpu: '10m', memory: '128Mi' }, limits: { memory: '1Gi' } };
    assert.deepEqual(fallback?.resources, memory);
    assert.equal((specOf('Deployment', 'jwt-injector') as Values)['replicas'], 4);
    assert.equal((specOf('Deployment', 'jwt-injector-controller') as Values)['replicas'], 3);
  });

  it('puts the pod of helm test on the same nodes', async () => {
    const file = await helm.valuesFile(EVERYTHING);
    const test = ['--show-only', 'templates/tests/review.yaml', '-n', 'jwt-injector'];
    const [pod] = readObjects(await helm.run('template', 'jwt-injector', CHART, ...test, '-f', file));
    assert.ok(pod !== undefined);
    const { nodeSelector, tolerations } = pod['spec'] as PodSpec;
    assert.deepEqual([nodeSelector, tolerations], [{ 'kubernetes.io/arch': 'arm64' }, TOLERATIONS]);
  });

  it('allows the named clients, and has the labels that an operator selects', () => {
    const { ingress } = specOf('NetworkPolicy', 'jwt-injector') as { readonly ingress: readonly Values[] };
    const [webhook, metrics] = ingress;
    assert.match(JSON.stringify(webhook?.['from']), /"cidr":"192\.0\.2\.0\/24"/);
    assert.deepEqual(metrics?.['from'], [PEER]);
    for (const kind of ['PodMonitor', 'ServiceMonitor', 'PrometheusRule'])
      assert.equal(find(kind, 'jwt-injector').metadata.labels?.['release'], 'prometheus');
    assert.equal(find('ConfigMap', 'jwt-injector-dashboard').metadata.labels?.['grafana'], 'here');
    find('ValidatingAdmissionPolicy', 'jwt-injector-final-state');
  });

  it('leaves out only what is switched off', async () => {
    const off = {
      crd: { enabled: false },
      editRole: { enabled: false },
      podDisruptionBudget: { enabled: false },
      networkPolicy: { enabled: false },
      namespaceDefault: false,
    };
    const names = (list: readonly Rendered[]): readonly string[] =>
      list.map(({ kind, metadata }) => `${kind}/${metadata.name}`).toSorted();
    const left = new Set(names(readObjects(await helm.render(off))));
    assert.deepEqual(
      names(readObjects(await helm.render())).filter((name) => !left.has(name)),
      [
        'ClusterRole/jwt-injector-edit',
        'ClusterRole/jwt-injector-webhook',
        'ClusterRoleBinding/jwt-injector-webhook',
        'CustomResourceDefinition/jwts.tokens.osg-htc.org',
        'NetworkPolicy/jwt-injector',
        'PodDisruptionBudget/jwt-injector',
      ],
    );
  });

  it('uses the default for a missing value, as with --reuse-values of a release that had no such value', async () => {
    const monitoring = { podMonitor: { enabled: true }, serviceMonitor: { enabled: true } };
    const common = { finalStatePolicy: { enabled: true }, monitoring };
    const unset = {
      ...common,
      namespaceDefault: null,
      crd: { enabled: null },
      editRole: { enabled: null },
      podDisruptionBudget: { enabled: null },
      networkPolicy: { enabled: null },
      fallbackWebhook: { enabled: null },
      podSecurityContext: null,
    };
    assert.equal(await helm.render(unset), await helm.render(common));
  });

  it('does not use the label of a namespace if the webhook gives no token for it', async () => {
    const values = { namespaceDefault: false, finalStatePolicy: { enabled: true } };
    const rendered = readObjects(await helm.render(values));
    const { template } = find('Deployment', 'jwt-injector', rendered)['spec'] as { template: Template };
    for (const container of template.spec.containers)
      assert.equal(read(container).webhook?.usesNamespaceDefault, false);
    const mutating = JSON.stringify(find('MutatingWebhookConfiguration', 'jwt-injector', rendered));
    assert.doesNotMatch(mutating, /namespace-default/);
    const policy = find('ValidatingAdmissionPolicy', 'jwt-injector-final-state', rendered)['spec'] as {
      readonly variables: readonly { readonly name: string; readonly expression: string }[];
    };
    const byLabel = policy.variables.find(({ name }) => name === 'namespaceDefault');
    assert.equal(byLabel?.expression, "''");
  });

  it('puts the CA of an admin into every entry, and takes the certificate from the Secret that is named', async () => {
    const { certificate: caBundle } = await createCertificateAuthority('an admin');
    const values = { certificate: { mode: 'files', secretName: 'my-tls', caBundle } };
    const rendered = readObjects(await helm.render(values));
    for (const kind of ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration']) {
      const { webhooks } = find(kind, 'jwt-injector', rendered) as unknown as {
        readonly webhooks: readonly { readonly clientConfig: { readonly caBundle: string } }[];
      };
      for (const { clientConfig } of webhooks)
        assert.equal(Buffer.from(clientConfig.caBundle, 'base64').toString(), caBundle);
    }
    const { template } = find('Deployment', 'jwt-injector', rendered)['spec'] as { template: Template };
    assert.equal(template.spec.volumes?.[0]?.secret.secretName, 'my-tls');
    for (const container of template.spec.containers)
      assert.equal(read(container).webhook?.certificate.from, 'files');
  });

  it('uses the named issuer of cert-manager, and creates none', async () => {
    const issuerRef = { name: 'company', kind: 'ClusterIssuer', group: 'cert-manager.io' };
    const values = { certificate: { mode: 'cert-manager', certManagerSecretName: 'my-tls', issuerRef } };
    const rendered = readObjects(await helm.render(values));
    assert.deepEqual(
      rendered.filter(({ apiVersion }) => apiVersion.startsWith('cert-manager.io/')).map(({ kind }) => kind),
      ['Certificate'],
    );
    const spec = find('Certificate', 'jwt-injector', rendered)['spec'] as Values;
    assert.deepEqual([spec['secretName'], spec['issuerRef']], ['my-tls', issuerRef]);
  });

  it('lets cert-manager take over while the Secret of another name is still served', async () => {
    const render = async (certificate: Values) =>
      readObjects(await helm.render({ certificate: { secretName: 'my-tls', ...certificate } }));
    const ownSecrets = (rendered: readonly Rendered[]): readonly unknown[] => {
      const { template } = find('Deployment', 'jwt-injector', rendered)['spec'] as { template: Template };
      const { rules } = find('Role', 'jwt-injector-certificate', rendered) as unknown as {
        readonly rules: readonly { readonly resourceNames: readonly string[] }[];
      };
      const served = template.spec.containers.map((container) => read(container).webhook?.certificate);
      return [served, rules[0]?.resourceNames];
    };
    const beginning = ownSecrets(await render({ mode: 'self' }));
    const from = { from: 'secret', name: 'my-tls' };
    assert.deepEqual(beginning, [[from, from], ['my-tls']]);
    const issuing = await render({ mode: 'cert-manager', takeOver: 'issue' });
    assert.deepEqual(ownSecrets(issuing), beginning);
    const { secretName } = find('Certificate', 'jwt-injector', issuing)['spec'] as Values;
    assert.equal(secretName, 'jwt-injector-cert-manager');
    const serving = await render({ mode: 'cert-manager', takeOver: 'serve' });
    const { template } = find('Deployment', 'jwt-injector', serving)['spec'] as { template: Template };
    assert.equal(template.spec.volumes?.[0]?.secret.secretName, 'jwt-injector-cert-manager');
  });
});
