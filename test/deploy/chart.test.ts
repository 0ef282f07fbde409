import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parse } from 'yaml';
import { parseConfig } from '../../src/config/config.ts';
import { RUN_FLAGS, type FlagName } from '../../src/config/run-flags.ts';
import { CHART, openHelm, type Helm, type Values } from './helm.ts';
import { readObjects } from './rendered.ts';

interface Schema {
  readonly type?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: unknown;
  readonly items?: Schema;
  readonly $defs?: Readonly<Record<string, Schema>>;
}

interface PodTemplate {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: { readonly containers: readonly { readonly args: readonly string[] }[] };
}

const SCHEMA = JSON.parse(readFileSync(join(CHART, 'values.schema.json'), 'utf8')) as Schema;
const VALUES = readFileSync(join(CHART, 'values.yaml'), 'utf8');

/** Flags of `run` on which no other object of the chart depends. */
const EXTRA_FLAGS: ReadonlySet<string> = new Set<FlagName>([
  'kubeconfig',
  'context',
  'workers',
  'legacy-key-namespace',
  'lease-duration',
  'renew-deadline',
  'retry-period',
]);

/** All schemas of objects in it, with their paths. */
function* objectsOf(schema: Schema, path: string): Generator<readonly [string, Schema]> {
  if (schema.type === 'object') yield [path, schema];
  for (const [name, inner] of Object.entries({ ...schema.properties, ...schema.$defs }))
    yield* objectsOf(inner, `${path}.${name}`);
  if (schema.items !== undefined) yield* objectsOf(schema.items, `${path}[]`);
}

/** Paths of all members, such as `a.b`, in the values or in the schema; empty objects count as values. */
function* membersOf(
  values: unknown,
  schema: Schema,
  from: 'values' | 'schema',
  path = '',
): Generator<string> {
  if (typeof values !== 'object' || values === null || Object.keys(values).length === 0) return;
  if (schema.properties === undefined) return;
  for (const name of Object.keys(from === 'values' ? values : schema.properties)) {
    yield `${path}${name}`;
    const inner = schema.properties[name] ?? {};
    yield* membersOf((values as Values)[name], inner, from, `${path}${name}.`);
  }
}

describe('the chart', () => {
  let helm: Helm;
  before(async () => {
    helm = await openHelm();
  });
  after(() => helm[Symbol.asyncDispose]());

  async function refusal(values: Values, ...args: readonly string[]): Promise<string> {
    const file = await helm.valuesFile(values);
    const place = ['--namespace', 'jwt-injector', '--kube-version', '1.37.0'];
    const { code, stderr } = await helm.try('template', 'x', CHART, ...place, '-f', file, ...args);
    assert.notEqual(code, 0, 'it was not refused');
    return stderr;
  }

  it('passes helm lint', async () => {
    const { code, stdout, stderr } = await helm.try('lint', CHART, '--namespace', 'jwt-injector', '--strict');
    const findings = stdout.split('\n').filter((line) => line.startsWith('[') && !line.includes('icon is'));
    assert.deepEqual([code, findings, stderr], [0, [], '']);
  });

  for (const namespace of ['default', 'kube-system']) {
    it(`refuses the namespace ${namespace}, and says which one to use instead`, async () => {
      const words = await refusal({}, '--namespace', namespace);
      assert.match(words, new RegExp(`does not go into namespace ${namespace}.*-n jwt-injector`));
    });
  }

  const CA = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
  const impossible: readonly (readonly [Values, RegExp])[] = [
    [{ namespaces: ['biology'] }, /with namespaces, the certificate cannot be issued by jwt-injector itself/],
    [
      { namespaces: ['biology'], certificate: { mode: 'cert-manager', takeOver: 'issue' } },
      /cannot be issued by jwt-injector itself.*certificate\.takeOver to serve or complete/,
    ],
    [
      { namespaces: ['jwt-injector'], certificate: { mode: 'files' } },
      /namespaces names jwt-injector, where jwt-injector itself is/,
    ],
    [
      { certificate: { caBundle: CA } },
      /certificate\.caBundle is set, but with certificate\.mode self.*certs trust ca\.crt --keep.*give --set certificate\.caBundle=/,
    ],
    [
      { certificate: { caBundle: CA, mode: 'cert-manager' } },
      /certificate\.caBundle is set, but with certificate\.mode cert-manager/,
    ],
    [
      { certificate: { takeOver: 'serve' } },
      /certificate\.takeOver is serve, but with certificate\.mode self.*set it to complete/,
    ],
    [
      { certificate: { mode: 'cert-manager', takeOver: 'issue', certManagerSecretName: 'jwt-injector-tls' } },
      /certificate\.certManagerSecretName is jwt-injector-tls, .*give cert-manager's another name/,
    ],
    [
      {
        certificate: {
          mode: 'cert-manager',
          takeOver: 'issue',
          secretName: 'my-tls',
          certManagerSecretName: 'my-tls',
        },
      },
      /certificate\.certManagerSecretName is my-tls, .*give cert-manager's another name/,
    ],
    [
      { certificate: { mode: 'cert-manager', takeOver: 'issue', secretName: 'jwt-injector-cert-manager' } },
      /certificate\.certManagerSecretName is jwt-injector-cert-manager, .*give cert-manager's another name/,
    ],
    ...['secretName', 'certManagerSecretName'].map(
      (name) =>
        [
          { certificate: { mode: 'cert-manager', takeOver: 'issue', [name]: 'jwt-injector-ca' } },
          /Secret jwt-injector-ca is that of the CA which cert-manager makes: give .* other names/,
        ] as const,
    ),
    ...['app.kubernetes.io/name', 'app.kubernetes.io/part-of'].map(
      (key) =>
        [{ podLabels: { [key]: 'mine' } }, new RegExp(`podLabels has ${key}, .*: leave it out`)] as const,
    ),
  ];
  for (const [values, says] of impossible) {
    it(`refuses contradictions, in one message: ${JSON.stringify(values).slice(0, 90)}`, async () => {
      const lines = (await refusal(values))
        .trim()
        .split('\n')
        .filter((line) => line.startsWith('Error'));
      assert.equal(lines.length, 1);
      assert.match(lines[0] ?? '', says);
    });
  }

  it('takes the certificate of cert-manager in steps with namespaces, too, once its CA is trusted', async () => {
    for (const takeOver of ['serve', 'complete'])
      await helm.render({ namespaces: ['biology'], certificate: { mode: 'cert-manager', takeOver } });
  });

  it('refuses a cluster without support for matchConditions', async () => {
    assert.match(await refusal({}, '--kube-version', '1.29.9'), /requires kubeVersion: >=1\.30\.0-0/);
    await helm.render({}, '--kube-version', '1.30.0-eks-036c24b');
  });

  it('can be installed in any other namespace, with all its objects and without its own pods', async () => {
    const objects = readObjects(await helm.render({}, '--namespace', 'tokens'));
    const namespaces = objects.map(({ metadata }) => metadata.namespace).filter((name) => name !== undefined);
    assert.deepEqual([...new Set(namespaces)], ['tokens']);
    const text = JSON.stringify(objects);
    assert.doesNotMatch(text, /"namespace":"jwt-injector"/);
    assert.equal(text.match(/\["kube-system","tokens"\]/g)?.length, 5, 'one for each webhook');
  });

  for (const [flag, { type }] of Object.entries(RUN_FLAGS)) {
    const text = type === 'boolean' ? `--${flag}` : `--${flag}=1`;
    if (EXTRA_FLAGS.has(flag))
      it(`takes ${text} in extraArgs`, async () => void (await helm.render({ extraArgs: [text] })));
    else
      it(`refuses ${text} in extraArgs, and says what to set instead, if possible`, async () => {
        const words = await refusal({ extraArgs: ['--workers=5', text] });
        const sentence = new RegExp(`extraArgs has --${flag}, which the chart decides: (.*)`);
        const remedy = sentence.exec(words)?.[1] ?? '';
        assert.match(remedy, /^set [\w.]+(?: to files)? instead$|: leave it out$/);
        const value = /^set ([\w.]+)/.exec(remedy)?.[1];
        const schema = { properties: SCHEMA.properties ?? {} };
        assert.ok(value === undefined || [...membersOf(parse(VALUES), schema, 'values')].includes(value));
      });
  }
});

describe('the values', () => {
  let helm: Helm;
  before(async () => {
    helm = await openHelm();
  });
  after(() => helm[Symbol.asyncDispose]());

  it('that do not exist are refused at every level', () => {
    const open = [...objectsOf(SCHEMA, 'values')].filter(([path, { additionalProperties }]) => {
      const isMap = typeof additionalProperties === 'object';
      return path !== 'values.global' && additionalProperties !== false && !isMap;
    });
    assert.deepEqual(open, []);
  });

  it('are the same in values.yaml and in the schema, at every level', () => {
    const { global: _, ...properties } = SCHEMA.properties ?? {};
    const [values, schema]: [unknown, Schema] = [parse(VALUES), { properties }];
    const [written, known] = [membersOf(values, schema, 'values'), membersOf(values, schema, 'schema')];
    assert.deepEqual([...written].toSorted(), [...known].toSorted());
  });

  it('are documented: each has a comment of its own or in its members', () => {
    const blocks = VALUES.split(/^(?=[a-z])/m).slice(1);
    const lines = VALUES.split('\n');
    const bare = blocks
      .filter((block) => {
        const line = lines.indexOf(block.split('\n', 1)[0] ?? '');
        return !/^ +#/m.test(block) && lines[line - 1]?.startsWith('#') !== true;
      })
      .map((block) => block.split(':', 1)[0]);
    assert.deepEqual(bare, []);
  });

  const wrong: readonly (readonly [Values, RegExp])[] = [
    [{ replica: 3 }, /additional properties 'replica' not allowed/],
    [{ image: { repo: 'x' } }, /'\/image': additional properties 'repo' not allowed/],
    [{ replicas: -1 }, /'\/replicas'/],
    [{ replicas: '2' }, /'\/replicas': got string, want/],
    [{ logLevel: 'loud' }, /'\/logLevel': value must be one of 'trace', 'debug'/],
    [{ image: { digest: 'latest' } }, /'\/image\/digest'/],
    [{ certificate: { caBundle: 'LS0t' } }, /'\/certificate\/caBundle'/],
    [{ resources: { limits: { memory: '512 MB' } } }, /'\/resources\/limits\/memory'/],
    [{ tolerations: [{ keys: 'x' }] }, /'\/tolerations\/0': additional properties 'keys'/],
  ];
  for (const [values, says] of wrong) {
    it(`are refused by name and place: ${JSON.stringify(values)}`, async () => {
      const file = await helm.valuesFile(values);
      const { code, stderr } = await helm.try('lint', CHART, '--namespace', 'jwt-injector', '-f', file);
      const { stderr: words } = await helm.try('template', CHART, '-n', 'jwt-injector', '-f', file);
      assert.notEqual(code, 0, stderr);
      assert.match(words, says);
    });
  }

  it('with a digest win over the tag, and the tag is the chart’s version if none is given', async () => {
    const digest = `sha256:${'0'.repeat(64)}`;
    const imageOf = async (image: Values): Promise<string> =>
      / image: "(.*)"$/m.exec(await helm.render({ image: { repository: 'r.example/x', ...image } }))?.[1] ??
      '';
    const { appVersion } = parse(readFileSync(join(CHART, 'Chart.yaml'), 'utf8')) as Values;
    assert.equal(await imageOf({}), `r.example/x:${String(appVersion)}`);
    assert.equal(await imageOf({ tag: 'main' }), 'r.example/x:main');
    assert.equal(await imageOf({ tag: 'main', digest }), `r.example/x@${digest}`);
  });

  it('that are flags are used in both containers, and the fallback keeps its own', async () => {
    const values = {
      policy: { maxLifetime: '24h' },
      extraArgs: ['--workers=5', '--retry-period=1s'],
      podAnnotations: { team: 'storage' },
    };
    const pod = await podOf(values);
    const [first, fallback] = pod.spec.containers.map(({ args }) => parseConfig(args.slice(1), {}));
    assert.ok(first?.ok === true && fallback?.ok === true);
    assert.deepEqual([first.value.policy.maxLifetime, fallback.value.policy.maxLifetime], [86_400, 86_400]);
    assert.deepEqual([first.value.controller?.workers, fallback.value.controller], [5, undefined]);
    assert.deepEqual([first.value.httpAddress.port, fallback.value.httpAddress.port], [8080, 8081]);
    assert.deepEqual(pod.metadata.annotations, {
      'kubectl.kubernetes.io/default-container': 'jwt-injector',
      team: 'storage',
    });
  });

  async function podOf(values: Values): Promise<PodTemplate> {
    const file = 'templates/deployment.yaml';
    const objects = readObjects(await helm.render(values, '--show-only', file));
    const deployment = objects.find(({ kind }) => kind === 'Deployment');
    assert.ok(deployment);
    return (deployment['spec'] as { readonly template: PodTemplate }).template;
  }
});
