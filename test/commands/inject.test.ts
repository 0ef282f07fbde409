import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parse } from 'yaml';
import { injectCommand } from '../../src/commands/inject.ts';
import { at, ENV, KEYS, MOUNT, review, VOLUME } from '../admission/pods.ts';
import { runCommand, runOnText, type CommandResult } from './captured-io.ts';

const run = (args: readonly string[], input = ''): Promise<CommandResult> =>
  runCommand(injectCommand, args, { input });

const fromStdin = (input: string, ...more: readonly string[]): Promise<CommandResult> =>
  runOnText(injectCommand, input, ...more);

const POD = `# what it is for
apiVersion: v1
kind: Pod
metadata:
  name: p
  annotations: {tokens.osg-htc.org/token: my-jwt} # ours
spec:
  terminationGracePeriodSeconds: 0017
  containers:
    - name: app
      image: "busybox"
      args: ['a', "b"]
      env:
        # where we live
        - name: HOME
          value: /home
      resources: {limits: {cpu: 1e3, x: 9007199254740993}}
`;

describe('inject -f', () => {
  it('adds to a pod what the webhook would add, and does not change the rest of the text', async () => {
    const { code, out, err } = await fromStdin(POD);
    assert.deepEqual([code, err], [0, '']);
    const added = out.split('\n').filter((line) => !POD.split('\n').includes(line));
    const kept = out.split('\n').filter((line) => POD.split('\n').includes(line));
    assert.deepEqual(kept, POD.split('\n'), 'no line is lost or moved');
    assert.equal(added.length, 2 + 4 + 9);
    const pod = parse(out);
    assert.deepEqual(at(pod, 'spec', 'volumes'), [VOLUME]);
    assert.deepEqual(at(pod, 'spec', 'containers', 0, 'volumeMounts'), [MOUNT]);
    assert.deepEqual(at(pod, 'spec', 'containers', 0, 'env', 0), ENV);
    assert.equal(review(pod).reason, 'AlreadyInjected');
  });

  it('changes nothing the second time', async () => {
    const once = await fromStdin(POD);
    assert.equal((await fromStdin(once.out)).out, once.out);
  });

  for (const [kind, apiVersion, path] of [
    ['Deployment', 'apps/v1', ['spec']],
    ['StatefulSet', 'apps/v1', ['spec']],
    ['DaemonSet', 'apps/v1', ['spec']],
    ['ReplicaSet', 'apps/v1', ['spec']],
    ['Job', 'batch/v1', ['spec']],
    ['CronJob', 'batch/v1', ['spec', 'jobTemplate', 'spec']],
  ] as const) {
    it(`writes into the pod template of a ${kind}, by its own annotation`, async () => {
      const template = { template: { spec: { containers: [{ name: 'app' }] } } };
      const spec = kind === 'CronJob' ? { jobTemplate: { spec: template } } : template;
      const metadata = { name: 'w', annotations: { [KEYS.token]: 'my-jwt' } };
      const { code, out } = await fromStdin(
        JSON.stringify({ apiVersion, kind, metadata, spec }),
        '-o',
        'json',
      );
      assert.equal(code, 0);
      const podSpec = at(JSON.parse(out), ...path, 'template', 'spec');
      assert.deepEqual(at(podSpec, 'volumes'), [VOLUME]);
      assert.deepEqual(at(podSpec, 'containers', 0, 'env'), [ENV]);
      assert.equal(
        review({ metadata, spec: podSpec }).reason,
        'AlreadyInjected',
        'its pods need nothing more',
      );
    });
  }

  it('leaves documents without a token as they are, byte for byte', async () => {
    const service = '---\n# a service\nkind:   Service\napiVersion: v1\n';
    const { out } = await fromStdin(`${service}---\n${POD}`);
    assert.ok(out.startsWith(service));
    assert.equal(out.split('---').length, 3);
  });

  it('reads Lists, with the item in the message', async () => {
    const item = (name: string, token: string): unknown => ({
      kind: 'Pod',
      apiVersion: 'v1',
      metadata: { name, annotations: { [KEYS.token]: token } },
      spec: { containers: [{ name: 'app' }] },
    });
    const list = { apiVersion: 'v1', kind: 'List', items: [item('a', 'my-jwt'), item('b', 'a,a')] };
    const { out, err } = await fromStdin(JSON.stringify(list), '-o', 'json');
    assert.deepEqual(at(JSON.parse(out), 'items', 0, 'spec', 'volumes'), [VOLUME]);
    assert.equal(
      err,
      `warning: standard input, document 1, item 2 (Pod b): annotation ${KEYS.token} names "a" twice: it is injected once\n`,
    );
  });

  it('shows a name of a file on one line, without control characters', async () => {
    const name = String.raw`name: "x\e]0;pwned\a\nerror: forged"`;
    for (const token of ['A B', 'a, a']) {
      const { err } = await fromStdin(POD.replace('name: p', name).replace('my-jwt', `"${token}"`));
      assert.match(
        err,
        /^(?:error|warning): standard input, document 1 \(Pod x \]0;pwned  error: forged\): annotation [ -~]+\n$/,
      );
    }
  });

  it('takes the default of pods from a Namespace of the input', async () => {
    const namespace = `{kind: Namespace, apiVersion: v1, metadata: {name: ns1, labels: {${KEYS.token}: my-jwt}}}`;
    const pod =
      '{kind: Pod, apiVersion: v1, metadata: {name: p, namespace: ns1}, spec: {containers: [{name: a}]}}';
    const { out } = await fromStdin(`${pod}\n---\n${namespace}\n`, '-o', 'json');
    assert.deepEqual(at(JSON.parse(out), 'items', 0, 'spec', 'volumes'), [VOLUME]);
  });

  it('replaces anchors and merge keys that containers share by their values before it changes them', async () => {
    const shared = `apiVersion: v1
kind: Pod
metadata: {name: p, annotations: {${KEYS.token}: my-jwt}}
spec:
  containers:
  - &base
    name: a
    env: &env [{name: HOME, value: /}]
  - <<: *base
    name: b
  - {name: c, env: *env}
`;
    const { code, out } = await fromStdin(shared);
    assert.equal(code, 0);
    assert.doesNotMatch(out, /[&*]base|[&*]env|<</);
    for (const index of [0, 1, 2]) {
      const container = at(parse(out), 'spec', 'containers', index);
      assert.equal(at(container, 'name'), 'abc'[index]);
      assert.deepEqual(at(container, 'env'), [ENV, { name: 'HOME', value: '/' }]);
      assert.deepEqual(at(container, 'volumeMounts'), [MOUNT]);
    }
  });

  it('keeps every digit with -o json', async () => {
    const { out } = await fromStdin(POD, '-o', 'json');
    assert.match(out, /"x": 9007199254740993\b/);
    assert.match(out, /"terminationGracePeriodSeconds": 15\b/, 'octal, as kubectl reads it');
  });

  it('prints a file without any request for a token unchanged, with a note', async () => {
    const text = 'kind: Service\n\n\n# end';
    const { code, out, err } = await fromStdin(text);
    assert.deepEqual([code, out], [0, `${text}\n`]);
    assert.match(
      err,
      /^note: nothing in standard input asks for a token: annotate a pod or workload with .*token\n$/,
    );
  });
});

describe('inject -f', () => {
  const refused: readonly { title: string; input: string; message: RegExp }[] = [
    {
      title: 'an annotation against the table',
      input: `${POD}---\n${POD.replace('my-jwt', 'My_JWT')}`,
      message:
        /^error: standard input, document 2 \(Pod p\): annotation tokens\.osg-htc\.org\/token: "My_JWT" is not a valid token name: the closest valid one is "my-jwt"\n$/,
    },
    {
      title: 'an annotation without quotes that is not a string then',
      input: POD.replace('my-jwt}', 'my-jwt, tokens.osg-htc.org/inject: true}'),
      message:
        /annotation tokens.osg-htc.org\/inject: true is a boolean, not a string: write tokens.osg-htc.org\/inject: "true"\n$/,
    },
    {
      title: 'no YAML',
      input: 'a: [\n',
      message: /^error: standard input, document 1: .* at line 2, column 1: correct the YAML\n$/,
    },
    {
      title: 'a number that JSON does not have',
      input: 'a: -.inf\n',
      message:
        /document 1: -\.inf is a number that Kubernetes does not have at line 1, column 4: put it in quotes/,
    },
    {
      title: 'an alias in what it stands for',
      input: 'a: &a [*a]\n',
      message: /document 1: alias \*a is inside its own anchor at line 1, column 8: write the value out/,
    },
    { title: 'an alias of nothing', input: 'a: *a\n', message: /document 1: .*alias.*a/i },
    {
      title: 'an empty key',
      input: '{: 1}\n',
      message: /document 1: a key is empty at line 1, column 2: write a string/,
    },
    { title: 'a list as a key', input: '[a]: 1\n', message: /document 1: a key is a list or a map/ },
    {
      title: 'a merge of no map',
      input: '<<: 1\n',
      message: /document 1: "<<" must merge a map or a list of maps/,
    },
    { title: 'a tag that is not true', input: 'a: !!int x\n', message: /"x" is not what its tag !!int says/ },
    {
      title: 'depth without bound',
      input: `${'['.repeat(5000)}${']'.repeat(5000)}`,
      message: /reduce the nesting/,
    },
    {
      title: 'documents without bound',
      input: '---\n'.repeat(20_000),
      message: /20000 documents are too many: split the file/,
    },
    {
      title: 'a file without bound',
      input: '#'.repeat(17 * 1024 * 1024),
      message: /^error: standard input has more than 16 MiB: split it/,
    },
    {
      title: 'aliases that grow without bound',
      input: `a: &a [x,x,x,x,x,x,x,x,x]\n${Array.from({ length: 9 }, (_, level) => `l${level}: &l${level} [${`*${level === 0 ? 'a' : `l${level - 1}`},`.repeat(9)}]\n`).join('')}`,
      message: /document 1: with its aliases written out it is too large/,
    },
  ];
  for (const { title, input, message } of refused) {
    it(`ends with exit code 1 and prints nothing for ${title}`, async () => {
      const { code, out, err } = await fromStdin(input);
      assert.deepEqual([code, out], [1, '']);
      assert.match(err, message);
    });
  }
});

describe('inject:', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'jwt-injector-'));
  });
  after(() => rm(folder, { recursive: true }));

  it('several files make one output', async () => {
    const [one, two] = [join(folder, 'one.yaml'), join(folder, 'two.yaml')];
    await Promise.all([writeFile(one, POD), writeFile(two, 'kind: Service\n')]);
    const { code, out } = await run(['-f', one, '--filename', two]);
    assert.equal(code, 0);
    assert.ok(out.endsWith('---\nkind: Service\n'));
  });

  it('a file that does not exist ends with exit code 3', async () => {
    const { code, err } = await run(['-f', join(folder, 'missing.yaml')]);
    assert.equal(code, 3);
    assert.match(err, /^error: cannot read .*missing\.yaml: there is no such file/);
  });

  for (const args of [[], ['-x'], ['-f', '-', '-o', 'xml'], ['file.yaml']]) {
    it(`wrong usage (${args.join(' ')}) ends with exit code 2 and the ways to call it`, async () => {
      const { code, out, err } = await run(args);
      assert.deepEqual([code, out], [2, '']);
      assert.match(err, /^error: .*\n\nUsage: jwt-injector inject/s);
    });
  }

  it('--help explains, with exit code 0', async () => {
    const { code, out } = await run(['--help']);
    assert.equal(code, 0);
    assert.match(out, /^Usage: jwt-injector inject -f FILE/);
  });
});
