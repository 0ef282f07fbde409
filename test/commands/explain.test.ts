import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { explainCommand } from '../../src/commands/explain.ts';
import { KEYS } from '../admission/pods.ts';
import type { Loose } from '../integration/objects.ts';
import { runCommand, runOnObjects, runOnText, type CommandResult } from './captured-io.ts';

const EXAMPLES = join(import.meta.dirname, '../../deploy/examples');

const explain = (objects: readonly unknown[], ...more: readonly string[]): Promise<CommandResult> =>
  runOnObjects(explainCommand, objects, ...more);

const pod = (annotations: Record<string, string>, spec: Record<string, unknown> = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'ns1', annotations },
  spec: { containers: [{ name: 'app', image: 'busybox' }], ...spec },
});

const deployment = (annotations: Record<string, string>, template: Record<string, string> = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'd', annotations },
  spec: {
    template: {
      metadata: { annotations: template },
      spec: { containers: [{ name: 'app', image: 'busybox' }] },
    },
  },
});

describe('explain -f, for pods and workloads,', () => {
  it('shows for a pod the decision, what is added, and the pod before and after', async () => {
    const { code, out, err } = await explain([pod({ [KEYS.token]: 'my-jwt' })]);
    assert.deepEqual([code, err], [0, '']);
    assert.equal(
      out,
      `Pod ns1/p (standard input): gets its token (Injected)
  my-jwt injected into 1 container
  + volume jwt-my-jwt: Secret my-jwt, file mode 0444
  + container app: mount /var/run/secrets/jwt, env BEARER_TOKEN_FILE=/var/run/secrets/jwt/token

The pod, before and after:
  apiVersion: v1
  kind: Pod
  metadata:
    name: p
    namespace: ns1
    annotations:
      tokens.osg-htc.org/token: my-jwt
  spec:
    containers:
      - name: app
        image: busybox
+       volumeMounts:
+         - name: jwt-my-jwt
+           mountPath: /var/run/secrets/jwt
+           readOnly: true
+       env:
+         - name: BEARER_TOKEN_FILE
+           value: /var/run/secrets/jwt/token
+   volumes:
+     - name: jwt-my-jwt
+       secret:
+         secretName: my-jwt
+         items:
+           - key: token
+             path: token
+         defaultMode: 292
+         optional: false
`,
    );
  });

  it('prints in colours on a terminal, except with NO_COLOR', async () => {
    const args = ['-f', join(EXAMPLES, 'token-test.yaml')];
    const plain = await runCommand(explainCommand, args);
    const coloured = await runCommand(explainCommand, args, { terminal: true });
    assert.ok(coloured.out.includes('\u001B[32m+       volumeMounts:\u001B[39m\n'));
    assert.equal(stripVTControlCharacters(coloured.out), plain.out);
    assert.ok(!plain.out.includes('\u001B'));
    process.env['NO_COLOR'] = '1';
    try {
      assert.equal((await runCommand(explainCommand, args, { terminal: true })).out, plain.out);
    } finally {
      delete process.env['NO_COLOR'];
    }
  });

  it('shows only the changes of a long pod, below the names of their containers', async () => {
    const containers = Array.from({ length: 12 }, (_, index) => ({
      name: `c${index}`,
      image: 'busybox',
      args: ['1', '2', '3', '4', '5'],
    }));
    const { out } = await explain([pod({ [KEYS.token]: 'my-jwt', [KEYS.containers]: 'c7' }, { containers })]);
    const diff = out.slice(out.indexOf('before and after:')).split('\n');
    assert.deepEqual(
      diff.slice(1, 8),
      [
        '  …',
        '  spec:',
        '    containers:',
        '      …',
        '      - name: c7',
        '        …',
        '+       volumeMounts:',
      ].map((line) => (line === '        …' ? diff[6] : line)),
    );
    assert.doesNotMatch(out, /name: c6|name: c8/);
  });

  it('shows for a workload that its annotation is copied to the pod template, with the injection of its pods', async () => {
    const { code, out } = await explain([deployment({ [KEYS.token]: 'my-jwt' })]);
    assert.equal(code, 0);
    assert.match(out, /^Deployment d \(standard input\): gets its token \(Injected\)$/m);
    assert.match(
      out,
      /^ {2}\+ copies annotation tokens\.osg-htc\.org\/token: "my-jwt" from the Deployment to its pod template$/m,
    );
    assert.match(out, /^Its pods, before and after:$/m);
    assert.match(out, /^\+ {5}tokens\.osg-htc\.org\/token: my-jwt$/m);
    assert.match(out, /^\+ {5}tokens\.osg-htc\.org\/copied: /m);
  });

  it('shows that an annotation is removed from the template if the workload does not have it any more', async () => {
    const copied = { 'tokens.osg-htc.org/copied': JSON.stringify({ [KEYS.token]: 'my-jwt' }) };
    const { out } = await explain([deployment({}, { [KEYS.token]: 'my-jwt', ...copied })]);
    assert.match(out, /stays as it is \(NotRequested\)/);
    assert.match(out, /^ {2}- removes annotation tokens\.osg-htc\.org\/token from the pod template/m);
    assert.match(out, /^- {5}tokens\.osg-htc\.org\/token: my-jwt$/m);
  });

  it('shows a refusal with cause, place and remedy, with exit code 1', async () => {
    const { code, out } = await explain([pod({ [KEYS.token]: 'My_JWT' })]);
    assert.equal(code, 1);
    assert.match(out, /^Pod ns1\/p \(standard input\): is refused \(InvalidAnnotation\)$/m);
    assert.match(out, /"My_JWT" is not a valid token name: the closest valid one is "my-jwt"/);
  });

  it('shows every warning', async () => {
    const { code, out } = await explain([pod({ 'tokens.osg-htc.org/tokn': 'my-jwt' })]);
    assert.equal(code, 0);
    assert.match(
      out,
      /^ {2}warning: unknown annotation "tokens\.osg-htc\.org\/tokn": did you mean token\?$/m,
    );
    assert.doesNotMatch(out, /before and after/);
  });

  it('takes the default from a Namespace of the input; it and other kinds are left alone', async () => {
    const namespace = {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'ns1', labels: { [KEYS.token]: 'my-jwt' } },
    };
    const { out } = await explain([pod({}), namespace]);
    assert.match(out, /^Pod ns1\/p \(standard input, document 1\): gets its token/m);
    assert.match(
      out,
      /^Namespace ns1 \(standard input, document 2\): left unchanged: only pods and objects with a pod template get tokens, not v1, Namespace$/m,
    );
  });

  it('reads the items of Lists, also of those whose items do not repeat their kind', async () => {
    const { kind: _kind, apiVersion: _version, ...item } = pod({ [KEYS.token]: 'my-jwt' });
    const { out } = await explain(
      [
        {
          apiVersion: 'v1',
          kind: 'List',
          items: [{ apiVersion: 'v1', kind: 'PodList', items: [item, item] }],
        },
      ],
      '-o',
      'json',
    );
    const { objects }: Loose = JSON.parse(out);
    assert.deepEqual(
      objects.map(({ reason }: Loose) => reason),
      ['Injected', 'Injected'],
    );
    assert.deepEqual(objects[0].tokens, ['my-jwt']);
    assert.deepEqual(
      objects[0].patch.map(({ path }: Loose) => path),
      ['/spec/volumes', '/spec/containers/0/volumeMounts', '/spec/containers/0/env'],
    );
  });

  it('sends no control characters of an object to the terminal', async () => {
    const hostile = pod({ [KEYS.token]: 'a\u001B[2Jb', [KEYS.mountPath]: '/\u009B2J' });
    const { out } = await explain([
      { ...hostile, metadata: { ...hostile.metadata, name: 'p\u001B]0;x\u0007' } },
    ]);
    assert.ok(!['\u001B', '\u009B', '\u0007'].some((character) => out.includes(character)));
  });
});

describe('explain:', () => {
  for (const args of [
    [],
    ['jwt'],
    ['jwt', 'a', 'b'],
    ['node', 'x'],
    ['-f', 'x', 'jwt', 'y'],
    ['-f', 'x', '-o', 'xml'],
    ['-x'],
  ]) {
    it(`wrong usage (${args.join(' ')}) ends with exit code 2 and the ways to call it`, async () => {
      const { code, out, err } = await runCommand(explainCommand, args);
      assert.deepEqual([code, out], [2, '']);
      assert.match(err, /^error: .*\n\nUsage: jwt-injector explain -f FILE/s);
    });
  }

  it('a file that does not exist or holds no object, and an unknown cluster, are errors', async () => {
    const missing = await runCommand(explainCommand, ['-f', '/missing.yaml']);
    assert.equal(missing.code, 3);
    assert.match(missing.err, /^error: cannot read \/missing\.yaml: there is no such file/);
    const broken = await runOnText(explainCommand, 'a: [\n');
    assert.equal(broken.code, 1);
    assert.match(broken.err, /^error: standard input, document 1: .*: correct the YAML$/m);
    const empty = await runOnText(explainCommand, '# nothing\n');
    assert.deepEqual([empty.code, empty.err], [1, 'error: no Kubernetes object in standard input\n']);
    const nowhere = await runCommand(explainCommand, ['jwt', 'x', '--kubeconfig', '/missing']);
    assert.deepEqual(
      [nowhere.code, nowhere.err],
      [3, 'error: cannot read kubeconfig /missing: there is no such file: check --kubeconfig\n'],
    );
  });

  it('--help explains, with exit code 0', async () => {
    const { code, out } = await runCommand(explainCommand, ['--help']);
    assert.equal(code, 0);
    assert.match(out, /^Usage: jwt-injector explain -f FILE/);
  });
});
