import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { explainCommand } from '../../../src/commands/explain.ts';
import { injectCommand } from '../../../src/commands/inject.ts';
import { at, ENV, KEYS, MOUNT, review, VOLUME, type Json } from '../../admission/pods.ts';
import { reviewOf } from '../../admission/workloads.ts';
import { runOnText, type CommandResult } from '../captured-io.ts';

const inject = (input: string | Buffer, ...more: readonly string[]): Promise<CommandResult> =>
  runOnText(injectCommand, input, ...more);
const explain = (input: string): Promise<CommandResult> => runOnText(explainCommand, input, '-o', 'json');

const TOKEN = { [KEYS.token]: 'my-jwt' };

function template(containers: readonly Json[] = [{ name: 'app' }], annotations: Json = TOKEN): Json {
  return { metadata: { annotations }, spec: { containers } };
}

function object(apiVersion: string, kind: string, spec: Json, more: Json = {}): Json {
  return { apiVersion, kind, metadata: { name: 'x', ...more }, spec };
}

describe('every kind with a pod template:', () => {
  const kinds: readonly (readonly [string, Json, readonly (readonly (string | number)[])[]])[] = [
    [
      'a ReplicationController',
      object('v1', 'ReplicationController', { template: template() }),
      [['spec', 'template']],
    ],
    [
      'an Argo Rollout',
      object('argoproj.io/v1alpha1', 'Rollout', { template: template() }),
      [['spec', 'template']],
    ],
    [
      'a Knative Service, whose container needs no name',
      object('serving.knative.dev/v1', 'Service', { template: template([{ image: 'i' }]) }),
      [['spec', 'template']],
    ],
    [
      'a RayCluster of several templates',
      object('ray.io/v1', 'RayCluster', {
        headGroupSpec: { template: template() },
        workerGroupSpecs: [{ template: template() }, { template: template() }],
      }),
      [
        ['spec', 'headGroupSpec', 'template'],
        ['spec', 'workerGroupSpecs', 0, 'template'],
        ['spec', 'workerGroupSpecs', 1, 'template'],
      ],
    ],
    [
      'a PodTemplate',
      { apiVersion: 'v1', kind: 'PodTemplate', metadata: { name: 'x' }, template: template() },
      [['template']],
    ],
  ];
  for (const [title, given, paths] of kinds) {
    it(`${title} is written like its pods`, async () => {
      const { code, out, err } = await inject(JSON.stringify(given));
      assert.deepEqual([code, err], [0, '']);
      for (const path of paths) {
        const spec = at(JSON.parse(out), ...path, 'spec');
        assert.deepEqual(at(spec, 'volumes'), [VOLUME]);
        assert.deepEqual(at(spec, 'containers', 0, 'env'), [ENV]);
        assert.deepEqual(at(spec, 'containers', 0, 'volumeMounts'), [MOUNT]);
        assert.notEqual(review({ metadata: { annotations: TOKEN }, spec }).decision, 'inject');
      }
      assert.equal((await inject(out)).out, out, 'twice is once');
    });

    it(`${title} is explained`, async () => {
      const { code, out } = await explain(JSON.stringify(given));
      const objects = at(JSON.parse(out), 'objects');
      assert.equal(code, 0);
      assert.deepEqual(
        paths.map((_path, index) => [at(objects, index, 'decision'), at(objects, index, 'template')]),
        paths.map((path) => ['inject', path.join('.')]),
      );
    });
  }

  it('an annotation of the object itself is only used for its pods if the webhook copies it', async () => {
    const rollout = object(
      'argoproj.io/v1alpha1',
      'Rollout',
      { template: template([{ name: 'a' }], {}) },
      { annotations: TOKEN },
    );
    const text = JSON.stringify(rollout);
    const { out, err } = await inject(text);
    assert.equal(out, `${text}\n`);
    assert.match(
      err,
      /warning: standard input, document 1 \(Rollout x, spec.template\): annotation .*token has no effect on a Rollout: put it on spec.template.metadata/,
    );
  });

  for (const name of ['__proto__', 'constructor', 'prototype']) {
    it(`below ${name} no template is searched for, and nothing is written`, async () => {
      const text = `{"apiVersion":"example.org/v1","kind":"X","spec":{"${name}":{"template":${JSON.stringify(template())}}}}`;
      const { code, out } = await inject(text);
      assert.deepEqual([code, out], [0, `${text}\n`]);
    });
  }

  for (const [title, given, shown] of [
    ['a patch of a Deployment', object('apps/v1', 'Deployment', { replicas: 2 }), 'Deployment x'],
    ['a Service that asks for a token', object('v1', 'Service', {}, { annotations: TOKEN }), 'Service x'],
  ] as const) {
    it(`${title} has no template, so it is named and skipped`, async () => {
      const { code, out, err } = await inject(JSON.stringify(given));
      assert.deepEqual([code, out], [0, `${JSON.stringify(given)}\n`]);
      assert.match(
        err,
        new RegExp(`warning: standard input, document 1 \\(${shown}\\): skipped: it has no pod template`),
      );
      assert.match((await explain(JSON.stringify(given))).out, /skipped: it has no pod template/);
    });
  }

  it('any number of templates costs time in proportion to their size', async () => {
    const deep = Array.from({ length: 2000 }).reduce<Json>((inner) => ({ template: inner }), template());
    assert.equal((await inject(JSON.stringify(object('x.io/v1', 'Deep', deep)))).code, 1);
    const wide = Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`k${index}`, { a: 1 }]));
    assert.equal((await inject(JSON.stringify(object('x.io/v1', 'Wide', wide)))).code, 0);
  });
});

describe('the file is explained with the decision of the webhook for a workload:', () => {
  const large = object(
    'apps/v1',
    'Deployment',
    { template: template([{ name: 'app' }], { 'example.org/large': 'x'.repeat(262_104) }) },
    { annotations: TOKEN },
  );

  it('annotations that are too large to be copied are not', async () => {
    const [explained] = Object.values(
      at(JSON.parse((await explain(JSON.stringify(large))).out), 'objects') ?? {},
    );
    const answer = reviewOf(large);
    assert.deepEqual([answer.decision, answer.reason, answer.operations], ['skip', 'NotRequested', []]);
    const shown = ['decision', 'reason', 'copied', 'patch', 'warnings'].map((key) => at(explained, key));
    assert.deepEqual(shown, ['skip', 'NotRequested', {}, [], answer.warnings]);
    assert.match(answer.warnings[0] ?? '', /^annotations of this Deployment are too large to be copied/);
  });

  it('nor is their token injected', async () => {
    const { code, out } = await inject(JSON.stringify(large));
    assert.deepEqual(
      [code, at(JSON.parse(out), 'spec', 'template', 'spec')],
      [0, { containers: [{ name: 'app' }] }],
    );
  });

  it('the place of the ServiceAccount’s token is named in each kind, a pod included', async () => {
    const annotations = { ...TOKEN, [KEYS.mountPath]: '/var/run/secrets/kubernetes.io/serviceaccount' };
    const pods = template([{ name: 'app' }], annotations);
    const given: readonly (readonly [Json, string])[] = [
      [object('v1', 'Pod', { containers: [{ name: 'app' }] }, { annotations }), 'this pod'],
      [object('batch/v1', 'Job', { template: pods }), 'pods of this Job'],
      [object('argoproj.io/v1alpha1', 'Rollout', { template: pods }), 'pods of this Rollout'],
    ];
    for (const [one, who] of given) {
      const { err } = await inject(JSON.stringify(one));
      assert.ok(
        err.includes(`${who} may be refused: /var/run/secrets/kubernetes.io/serviceaccount has`),
        err,
      );
    }
  });
});

describe('the text of files:', () => {
  const POD =
    'kind: Pod\napiVersion: v1\nmetadata:\n  name: p\n  annotations:\n    tokens.osg-htc.org/token: my-jwt\nspec:\n  containers:\n  - name: app\n';

  for (const [title, input] of [
    ['UTF-16, little end first', Buffer.from(`\uFEFF${POD}`, 'utf16le')],
    ['UTF-16, big end first', Buffer.from(`\uFEFF${POD}`, 'utf16le').swap16()],
    ['UTF-8 with a byte order mark', Buffer.from(`\uFEFF${POD}`)],
  ] as const) {
    it(title, async () => {
      const { out } = await inject(input);
      assert.ok(out.startsWith(POD));
      assert.deepEqual(at(parse(out), 'spec', 'volumes'), [VOLUME]);
    });
  }

  it('a file that is not text is refused', async () => {
    const { code, err } = await inject(Buffer.from([0x61, 0xff, 0x62]));
    assert.deepEqual([code, err], [1, 'error: standard input is not valid UTF-8 text: save it as UTF-8\n']);
  });

  it('a Namespace in a List is its pods’ default', async () => {
    const namespace = { kind: 'Namespace', apiVersion: 'v1', metadata: { name: 'n', labels: TOKEN } };
    const pod = {
      kind: 'Pod',
      apiVersion: 'v1',
      metadata: { name: 'p', namespace: 'n' },
      spec: { containers: [{ name: 'a' }] },
    };
    const list = {
      kind: 'List',
      apiVersion: 'v1',
      items: [pod, { kind: 'NamespaceList', apiVersion: 'v1', items: [namespace] }],
    };
    const { out } = await inject(JSON.stringify(list));
    assert.deepEqual(at(JSON.parse(out), 'items', 0, 'spec', 'volumes'), [VOLUME]);
  });
});

describe('an annotation that is not a string is refused with the line to write:', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['token: on', 'token: on is a boolean, not a string', 'token: "on"'],
    ['token:', 'token has no value', 'token: "<name of a JWT>", or remove the line'],
    ['token: ~', 'token: ~ is not a string', 'token: "<name of a JWT>", or remove the line'],
    ['token: [a]', 'token is a list, not a string', 'token: "<name of a JWT>"'],
    ['file-mode: 0400', 'file-mode: 0400 is a number, not a string', 'file-mode: "0400"'],
    ['file-mode: 0o400', 'file-mode: 0o400 is a number, not a string', 'file-mode: "0400"'],
    ['file-mode: 440', 'file-mode: 440 is a number, not a string', 'file-mode: "440"'],
    ['inject: yes', 'inject: yes is a boolean, not a string', 'inject: "true"'],
    ['containers: 1e3', 'containers: 1e3 is a number, not a string', 'containers: "1e3"'],
  ];
  const pod = (line: string, token = 'tokens.osg-htc.org/token: my-jwt'): string =>
    `kind: Pod\napiVersion: v1\nmetadata:\n  annotations:\n    tokens.osg-htc.org/${line}\n${line.startsWith('token') ? '' : `    ${token}\n`}spec:\n  containers:\n  - name: "1e3"\n`;
  for (const [line, what, remedy] of cases) {
    it(line, async () => {
      const { code, err } = await inject(pod(line));
      assert.equal(code, 1);
      assert.equal(
        err,
        `error: standard input, document 1 (Pod): annotation tokens.osg-htc.org/${what}: write tokens.osg-htc.org/${remedy}\n`,
      );
      assert.match((await explain(pod(line))).out, /write tokens.osg-htc.org/);
      const [, written = ''] = /^([^,]*)/.exec(remedy) ?? [];
      const followed = await inject(pod(written.replace('<name of a JWT>', 'my-jwt')));
      assert.equal(followed.code, 0, 'the remedy is right');
    });
  }

  it('one in a template, in a List', async () => {
    const deployment = `{kind: Deployment, apiVersion: apps/v1, metadata: {name: d}, spec: {template: {metadata: {annotations: {tokens.osg-htc.org/token: off}}, spec: {containers: [{name: a}]}}}}`;
    const { err } = await inject(`kind: List\napiVersion: v1\nitems:\n- ${deployment}\n`);
    assert.match(err, /token: off is a boolean, not a string: write tokens.osg-htc.org\/token: "off"/);
  });
});
