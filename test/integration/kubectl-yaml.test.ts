import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { before, describe, it } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { injectCommand } from '../../src/commands/inject.ts';
import { resolvePlain } from '../../src/commands/yaml/resolve-scalar.ts';
import { readEditable } from '../../src/commands/yaml/editable-document.ts';
import { at } from '../admission/pods.ts';
import { runCommand } from '../commands/captured-io.ts';
import { findBinaries } from '../controlplane/binaries.ts';

let kubectl: string;
before(async () => {
  ({ kubectl } = await findBinaries());
});

/** The objects of a file as kubectl reads it, without a cluster; `undefined` if it refuses them. */
function askKubectl(text: string | Buffer): unknown {
  const args = ['annotate', '--local', '--overwrite', '-f', '-', 'asked=yes', '-o', 'json'];
  const { status, stdout } = spawnSync(kubectl, args, {
    input: text,
    maxBuffer: 1 << 28,
    env: { HOME: '/nowhere' },
  });
  return status === 0 ? JSON.parse(stdout.toString()) : undefined;
}

function ours(text: string): unknown {
  const read = readEditable(text);
  if (!read.ok) return undefined;
  const plain: unknown = JSON.parse(
    JSON.stringify(read.value[0]?.value, (_key, value: unknown) =>
      typeof value === 'bigint' ? Number(value) : value,
    ),
  );
  return plain;
}

const HEAD = 'apiVersion: example.org/v1\nkind: Thing\nmetadata: {name: t, annotations: {asked: "yes"}}\n';

/** Parts of numbers and of words with a meaning in YAML. */
const piece = fc.constantFrom(
  '0', '1', '7', '8', '9', '_', '.', 'e', 'E', '+', '-', '0x', '0o', '0b', 'a', 'f', 'X', 'O', 'B', ':', '=',
  'y', 'n', 'Y', 'on', 'yes', 'No', 'OFF', 'null', 'Null', '~', 'true', 'inf', 'nan', '99999999999999999999', '<<',
); // prettier-ignore
const plainScalar = fc
  .array(piece, { minLength: 1, maxLength: 5 })
  .map((pieces) => pieces.join(''))
  // Not a scalar, but part of a list or map for one of the two; or a number that neither can read.
  .filter((text) => !/^-$|^:|:$|^[-+]?\.(inf|nan)$/i.test(text) && text !== '=');

describe('files are read as kubectl reads them:', () => {
  it('scalars without quotes', () => {
    fc.assert(
      fc.property(fc.array(plainScalar, { minLength: 2000, maxLength: 2000 }), (scalars) => {
        const text = `${HEAD}list:\n${scalars.map((scalar) => `- ${scalar}\n`).join('')}`;
        const [theirs, mine] = [at(askKubectl(text), 'list'), at(ours(text), 'list')];
        for (const [index, scalar] of scalars.entries()) {
          assert.deepEqual([scalar, at(mine, index)], [scalar, at(theirs, index)]);
        }
      }),
      { numRuns: 5, endOnFailure: true },
    );
  });

  it('scalars without quotes, as keys', () => {
    const key = plainScalar.filter((scalar) => {
      const value = resolvePlain(scalar);
      // Go writes other floats in its own way, and 8e+7 in one that changed between Kubernetes 1.30 and 1.37.
      const isFloat = /^[-+]?[\d_]*(?:\.|\d_*e)/i.test(scalar);
      return typeof value !== 'number' || (Number.isSafeInteger(value) && !isFloat);
    });
    const withKey = (scalar: string): string => `${HEAD}map: {${scalar}: 1}\n`;
    fc.assert(
      fc.property(fc.array(key, { minLength: 300, maxLength: 300 }), (scalars) => {
        // All readable texts in one file, and some of the unreadable ones, each in a file of its own.
        const [read, refused] = [true, false].map((isRead) =>
          scalars.filter((scalar) => (ours(withKey(scalar)) !== undefined) === isRead),
        );
        const text = `${HEAD}list:\n${read?.map((scalar) => `- {${scalar}: 1}\n`).join('')}`;
        const [theirs, mine] = [at(askKubectl(text), 'list'), at(ours(text), 'list')];
        for (const [index, scalar] of read?.entries() ?? [])
          assert.deepEqual([scalar, at(mine, index)], [scalar, at(theirs, index)]);
        for (const scalar of refused?.slice(0, 3) ?? [])
          assert.equal(askKubectl(withKey(scalar)), undefined, scalar);
      }),
      { numRuns: 3, endOnFailure: true },
    );
  });

  const cases: readonly (readonly [string, string])[] = [
    ['keys that are there twice', 'a: 1\nb: 2\na: 3\n'],
    [
      'merge keys before and after',
      'x: &x {a: 1, b: 2}\ny: {a: 3, <<: *x, b: 4}\nz: {<<: [*x, {a: 5, c: 6}]}\n',
    ],
    ['anchors that are named again', 'a: &x 1\nb: *x\nc: &x 2\nd: *x\n'],
    ['flow maps with empty values', 'm: {a, b: , "c", d: 1}\nn: [a: 1, b]\n'],
    ['tags', 'a: !!str on\nb: !!int "7"\nc: !!float 1\nd: !!binary aGk=\ne: !own 1\nf: !!str\n'],
    ['texts of several lines', 'a: |\n  x\n   y\n\nb: >-\n  x\n  y\nc: "x\n  y"\nd: x\n  y\ne: |2-\n    x\n'],
    ['comments and directives', '# c\na: 1 # d\n# e\nb: "#"\n'],
    ['an alias of nothing', 'a: *x\n'],
    ['an alias in itself', 'a: &x [*x]\n'],
    ['a number that JSON lacks', 'a: .inf\n'],
    ['a list as a key', '? [a]\n: 1\n'],
  ];
  for (const [title, text] of cases) {
    it(title, () => assert.deepEqual(ours(HEAD + text), askKubectl(HEAD + text)));
  }
});

describe('the objects of a file are those that kubectl finds:', () => {
  const thing = (name: string): string =>
    `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"${name}"}}\n`;
  const [a, b, c] = [thing('a'), thing('b'), thing('c')];
  const yaml = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: yaml}\n';

  /**
   * The names of the objects; includes those that kubectl prints, and would apply, before it refuses the
   * rest.
   */
  function namesToKubectl(text: string): readonly string[] {
    const args = ['annotate', '--local', '-f', '-', 'asked=yes', '-o', 'jsonpath={.metadata.name} '];
    const { stdout, stderr } = spawnSync(kubectl, args, { input: text, env: { HOME: '/nowhere' } });
    assert.ok(stdout.length > 0 || stderr.length > 0);
    return stdout
      .toString()
      .split(' ')
      .filter((name) => name !== '');
  }

  /** Whether this kubectl read the JSON of a file alone and was silent about the YAML after it, as 1.30 is. */
  function stopsAfterJson(text: string, read: readonly string[]): boolean {
    if (text !== `${a}---\n${yaml}` || read.length !== 1) return false;
    const { stdout } = spawnSync(kubectl, ['version', '--client', '-o', 'json'], {
      env: { HOME: '/nowhere' },
    });
    return Number(JSON.parse(stdout.toString()).clientVersion.minor) < 37;
  }

  async function namesAfterInject(text: string): Promise<readonly string[] | undefined> {
    const { code, out } = await runCommand(injectCommand, ['-f', '-'], { input: text });
    return code === 0 ? namesToKubectl(out) : undefined;
  }

  for (const [title, text, names] of [
    ['JSON objects one after the other', a + b + c, ['a', 'b', 'c']],
    ['two JSON objects on one line', `${a.trim()}${b}`, ['a', 'b']],
    ['JSON, then YAML', `${a}---\n${yaml}`, ['a', 'yaml']],
    ['JSON with a comment before it', `# note\n${a}---\n${b}`, ['a', 'b']],
    ['what ends with `...`', `${yaml}...\n---\n${b}...\n`, ['yaml', 'b']],
  ] as const) {
    it(title, async () => {
      const read = namesToKubectl(text);
      if (!stopsAfterJson(text, read)) assert.deepEqual(read, names);
      assert.deepEqual(await namesAfterInject(text), read);
    });
  }

  it('text after `...`, which kubectl ignores, is refused', async () => {
    for (const text of [`${yaml}...\n${b}`, `${yaml}... # end\n# more\n${b}`]) {
      assert.deepEqual(namesToKubectl(text), ['yaml']);
      assert.equal(await namesAfterInject(text), undefined);
    }
  });

  for (const character of ['\u0085', '\u2028', '\u2029', '\r'])
    it(`${JSON.stringify(character)} begins a line, and is refused, but not in double quotes`, () => {
      const text = `${HEAD}a: b # c${character}d: e\n`;
      assert.deepEqual([at(askKubectl(text), 'd'), ours(text)], ['e', undefined]);
      const quoted = `${HEAD}a: "b" # c\nd: "${character} # e"\n`;
      assert.equal(typeof at(askKubectl(quoted), 'd'), 'string');
      assert.equal(typeof at(ours(quoted), 'd'), 'string');
    });
});

describe('the output of inject', () => {
  const value = fc.oneof(
    plainScalar,
    fc.string({ maxLength: 10 }).map((text) => JSON.stringify(text)),
  );

  it('is equal for kubectl, except for the injection', async () => {
    const pod = (values: readonly string[]): string =>
      `apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n  annotations: {tokens.osg-htc.org/token: my-jwt}\nspec:\n  containers:\n  - name: app\n    args:\n${values.map((text) => `    - ${text}\n`).join('')}    image: x # c\nextra: {${values.map((text, index) => `k${index}: ${text}`).join(', ')}}\n`;
    await fc.assert(
      fc.asyncProperty(
        fc.array(value, { maxLength: 30 }),
        fc.constantFrom('utf8', 'utf16le'),
        async (values, encoding) => {
          const text = pod(values);
          const input = Buffer.from(encoding === 'utf8' ? text : `\uFEFF${text}`, encoding);
          const { code, out } = await runCommand(injectCommand, ['-f', '-'], { input });
          const given = askKubectlAboutPod(text);
          if (code !== 0) return assert.equal(given, undefined);
          const after = askKubectlAboutPod(out);
          assert.deepEqual(at(after, 'extra'), at(given, 'extra'));
          const [original, injected] = [given, after].map((object) => at(object, 'spec', 'containers', 0));
          assert.deepEqual(at(injected, 'args'), at(original, 'args'));
          assert.equal(at(injected, 'env', 0, 'value'), '/var/run/secrets/jwt/token');
        },
      ),
      { numRuns: 20, endOnFailure: true },
    );
  });

  /** Uses another kind: kubectl knows pods, and would refuse unknown fields. */
  function askKubectlAboutPod(text: string): unknown {
    return askKubectl(text.replace('apiVersion: v1\nkind: Pod', 'apiVersion: example.org/v1\nkind: Thing'));
  }

  it('is valid YAML for kubectl in every layout', async () => {
    for (const collectionStyle of ['block', 'flow'] as const) {
      const metadata = { name: 'p', annotations: { 'tokens.osg-htc.org/token': '123' } };
      const text = stringify(
        { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [{ name: 'on' }] } },
        { collectionStyle, version: '1.1' },
      );
      const { out } = await runCommand(injectCommand, ['-f', '-'], { input: text });
      // Older versions take everything that begins with a brace for JSON, and refuse it, before and after.
      const [given, after] = [askKubectlAboutPod(text), askKubectlAboutPod(out)];
      const expected = given === undefined && collectionStyle === 'flow' ? undefined : '123';
      assert.equal(at(after, 'spec', 'volumes', 0, 'secret', 'secretName'), expected);
    }
  });
});
