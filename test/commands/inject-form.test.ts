import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { injectCommand } from '../../src/commands/inject.ts';
import { at, ENV, KEYS, MOUNT, VOLUME } from '../admission/pods.ts';
import { runCommand, runOnText, type CommandResult } from './captured-io.ts';

const fromStdin = (input: string, ...more: readonly string[]): Promise<CommandResult> =>
  runOnText(injectCommand, input, ...more);

const POD = `# what it is for
apiVersion: v1
kind: Pod
metadata:
  name: p
  annotations: {tokens.osg-htc.org/token: my-jwt} # ours
spec:
  containers:
    - name: app
      image: "busybox"
      resources: {limits: {cpu: 1e3}}
`;

describe('inject -f', () => {
  for (const text of [
    'a: 1\n...\n# comment\n---\nb: 2\n',
    'a: 1\n...\n%YAML 1.1\n# hi\n---\nb: 2\n',
    'a: 1\n... # end\n\n%YAML 1.1\n---\nb: 2\n...\n# the end\n',
    '# nothing but a comment\n',
  ]) {
    it(`loses nothing between documents: ${JSON.stringify(text)}`, async () => {
      for (const whole of [text, text.replaceAll('\n', '\r\n')]) {
        assert.equal((await fromStdin(whole)).out, whole);
        const [out] = (await fromStdin(`${whole}---\n${POD}`)).out.split('---\n# what it is for');
        assert.equal(out, whole);
      }
    });
  }

  for (const nothing of [
    'volumes: # none yet',
    'volumes:\t# none yet',
    'volumes: ~   # none yet',
    'volumes: !!null # none yet',
    'volumes: [] # none yet',
    'volumes: [ # none yet\n  ]',
    'volumes: # none yet\n    ~',
    'volumes:\n    # none yet\n    []',
    'volumes:\n  # none yet',
  ]) {
    it(`keeps every comment where there is ${JSON.stringify(nothing)}`, async () => {
      const pod = `# head\n${POD.replace('  containers:', `  ${nothing}\n  containers:`)}      volumeMounts:   #n\n# tail\n`;
      const { code, out, err } = await fromStdin(pod);
      assert.deepEqual([code, err], [0, '']);
      for (const comment of pod.match(/#.*/g) ?? [])
        assert.ok(out.includes(comment), `${comment} in\n${out}`);
      const [lines, printed] = [pod, out].map((text) => text.split('\n').map((line) => line.trim()));
      const lost = lines?.filter((line) => !printed?.includes(line)) ?? [];
      assert.ok(
        lost.every((line) => /^(?:volumes:|# none yet$|~$|\[?\]$)/.test(line)),
        lost.join('\n'),
      );
      assert.deepEqual(at(parse(out), 'spec', 'volumes'), [VOLUME]);
      assert.deepEqual(at(parse(out), 'spec', 'containers', 0, 'volumeMounts'), [MOUNT]);
    });
  }

  for (const last of [
    'env:',
    'env:\t#t',
    'env: []',
    'env: [] # none',
    'volumeMounts:',
    'volumeMounts: # none',
  ]) {
    it(`keeps every comment where a container ends with ${JSON.stringify(last)}`, async () => {
      const pod = `${POD}      ${last}\n# tail\n`;
      const { code, out, err } = await fromStdin(pod);
      assert.deepEqual([code, err], [0, '']);
      for (const comment of pod.match(/#.*/g) ?? [])
        assert.ok(out.includes(comment), `${comment} in\n${out}`);
      assert.deepEqual(at(parse(out), 'spec', 'containers', 0, 'env'), [ENV]);
      assert.deepEqual(at(parse(out), 'spec', 'containers', 0, 'volumeMounts'), [MOUNT]);
    });
  }

  it('says that comments are lost, if that cannot be avoided', async () => {
    const twice = `apiVersion: v1
kind: Pod
metadata: {name: p, annotations: {${KEYS.token}: my-jwt}}
spec:
  containers:
  - &a
    name: a # kept
    image: b # lost
    image: c
  - <<: *a
    name: d
`;
    const { code, out, err } = await fromStdin(`kind: Service\n---\n${twice}`);
    assert.equal(code, 0);
    assert.match(out, /# kept/);
    assert.doesNotMatch(out, /# lost/);
    assert.match(
      err,
      /^warning: standard input, document 2: some of its comments are lost, as it cannot be changed in place: .+\n$/,
    );
    assert.equal((await fromStdin(twice, '-o', 'json')).err, '', 'JSON has none');
  });

  for (const eol of ['\n', '\r\n']) {
    it(`keeps the form of a file whose anchors it replaces, with ${JSON.stringify(eol)}`, async () => {
      const shared = `# head
apiVersion: v1
kind: Pod # c1
metadata:
    name: p
    annotations: {${KEYS.token}: my-jwt}
# keep
spec:
    containers:
        - &c
          name: c # c2
          env: &e
              # before
              - name: HOME
                value: /
          resources:
              limits: {cpu: 1e3}
        # what d is
        - <<: *c # as c
          name: d # c3
        - name: e
          env: *e # alias
    # tail
`.replaceAll('\n', eol);
      const { code, out, err } = await fromStdin(shared);
      assert.deepEqual([code, err], [0, '']);
      assert.doesNotMatch(out, eol === '\n' ? /\r/ : /(?<!\r)\n/);
      for (const comment of shared.match(/#.*/g) ?? [])
        assert.ok(out.includes(comment), `${comment} in\n${out}`);
      const [lines = [], printed = []] = [shared, out].map((text) => text.replaceAll('- ', '  ').split(eol));
      const lost = lines.filter((line) => !/[&*][ce]\b/.test(line) && !printed.includes(line));
      assert.deepEqual(lost, [], out);
      for (const index of [0, 1, 2]) {
        const container = at(parse(out), 'spec', 'containers', index);
        assert.deepEqual(at(container, 'env'), [ENV, { name: 'HOME', value: '/' }]);
      }
    });
  }

  const json = JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', annotations: { [KEYS.token]: 'my-jwt' } },
    spec: { containers: [{ name: 'app' }] },
  });
  const isInjected = (text: string): void =>
    assert.deepEqual(at(JSON.parse(text), 'spec', 'volumes'), [VOLUME], text);

  for (const [title, parts] of [
    ['several documents', ['', json, '\n---\n', json, '\n']],
    ['a comment before it', ['# note\n', json, '\n']],
    [
      'a marker and comments',
      ['%YAML 1.1\n# a\n--- # b\n# c\n', json, ' # d\n... # e\n---\n# f\n', json, '\n# g\n'],
    ],
    ['YAML after it', ['', json, '\n---\n# what it is for\n', 'apiVersion: v1\nkind: Service\n']],
  ] as const) {
    it(`JSON stays JSON with ${title}`, async () => {
      const { code, out } = await fromStdin(parts.join(''));
      assert.equal(code, 0);
      const expected = parts.map((part) => (part === json ? '({.+})' : part.replaceAll(/[^\w\s]/g, '\\$&')));
      const [, ...written] = new RegExp(`^${expected.join('')}`).exec(out) ?? [];
      assert.ok(written.length > 0, out);
      for (const text of written) isInjected(text);
    });
  }

  it('a sequence of JSON objects stays one, as jq prints and kubectl reads it', async () => {
    const pretty = JSON.stringify(JSON.parse(json), undefined, 2);
    for (const [text, objects] of [
      [`${json}\n${json}\n`, 2],
      [`${pretty}\n${pretty}\n${pretty}\n`, 3],
      [`\n ${json}${json.replace('"p"', String.raw`"}\"{\\"`)}`, 2],
    ] as const) {
      const { code, out, err } = await fromStdin(text);
      assert.deepEqual([code, err], [0, '']);
      const printed = out.split(/\n(?=\{)/).filter((part) => part.trim() !== '');
      assert.equal(printed.length, objects, out);
      for (const part of printed) isInjected(part);
      assert.equal((await fromStdin(out)).out, out, 'nothing is left to do');
    }
  });

  it('a broken one of several JSON objects is named', async () => {
    const { code, err } = await fromStdin(`${json}\n${json.replace('"v1"', 'v1')}x\n`);
    assert.equal(code, 1);
    assert.match(err, /document 1: .+ line 2/);
  });

  it('a file that begins with a directive follows one that has no end', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'jwt-injector-'));
    t.after(() => rm(folder, { recursive: true }));
    const [one, two] = [join(folder, 'one.yaml'), join(folder, 'two.yaml')];
    const directed = `# of 2004\n%YAML 1.1\n---\n${POD}`;
    await Promise.all([writeFile(one, 'kind: Service\n'), writeFile(two, directed)]);
    const { out } = await runCommand(injectCommand, ['-f', one, '-f', two, '-f', two]);
    assert.ok(out.startsWith(`kind: Service\n...\n# of 2004\n%YAML 1.1\n---\n`), out);
    const again = await fromStdin(out);
    assert.deepEqual([again.code, again.err, again.out], [0, '', out]);
    await writeFile(one, 'kind: Service\n...\n');
    assert.ok(
      (await runCommand(injectCommand, ['-f', one, '-f', two])).out.startsWith(
        'kind: Service\n...\n# of 2004\n',
      ),
    );
  });
});
