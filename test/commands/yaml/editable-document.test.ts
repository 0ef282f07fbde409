import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parse, stringify } from 'yaml';
import { readEditable, type EditableDocument } from '../../../src/commands/yaml/editable-document.ts';
import type { InjectionPlan } from '../../../src/admission/decision.ts';
import { writePatch } from '../../../src/admission/patch.ts';
import { makeTokenVolume } from '../../../src/admission/token-volume.ts';
import { applyPatch } from '../../../src/commands/yaml/apply-patch.ts';
import { readPatch } from '../../../src/resources/json-patch.ts';
import { ENV, type Json } from '../../admission/pods.ts';
import { TRIES } from '../../fixtures/tries.ts';

const MOUNTS = [{ name: 'jwt-my-jwt', mountPath: '/var/run/secrets/jwt', readOnly: true }] as const;
const ADDED: InjectionPlan = {
  volumes: [makeTokenVolume('my-jwt', 0o444)],
  containers: [
    { list: 'containers', index: 0, name: 'a', mounts: MOUNTS, env: ENV },
    { list: 'containers', index: 1, name: 'b', mounts: MOUNTS, env: ENV },
  ],
};

function only(text: string): EditableDocument {
  const read = readEditable(text);
  assert.ok(read.ok, read.ok ? '' : read.problem.message);
  const [document, ...more] = read.value;
  assert.ok(document !== undefined && more.length === 0);
  return document;
}

/** The file with an injected pod, after a check that only the additions of an injection differ. */
function inject(text: string): string {
  const document = only(text);
  const spec = Object(document.value).spec;
  const containers = ADDED.containers.slice(0, spec.containers.length);
  const operations = readPatch(writePatch(document.value, { ...ADDED, containers }));
  document.addTo(operations);
  const written = document.text();
  assert.deepEqual(only(written).value, applyPatch(only(text).value, operations));
  return written;
}

/** The lines that were added; fails if another line was removed, moved or changed. */
function addedLines(before: string, after: string): readonly string[] {
  const left = before.split('\n');
  const added = after.split('\n').filter((line) => {
    if (line !== left[0]) return true;
    left.shift();
    return false;
  });
  assert.deepEqual(left, [], `lost: ${left.join('|')} in\n${after}`);
  return added;
}

const BLOCKS: readonly { title: string; text: string; added: readonly string[] }[] = [
  {
    title: 'lists below their key, as kubectl prints them',
    text: 'spec:\n  containers:\n  - name: a\n  - name: b # last\n  # end\n',
    added: [
      '    volumeMounts:', '    - name: jwt-my-jwt', '      mountPath: /var/run/secrets/jwt', '      readOnly: true',
      '    env:', '    - name: BEARER_TOKEN_FILE', '      value: /var/run/secrets/jwt/token',
      '    volumeMounts:', '    - name: jwt-my-jwt', '      mountPath: /var/run/secrets/jwt', '      readOnly: true',
      '    env:', '    - name: BEARER_TOKEN_FILE', '      value: /var/run/secrets/jwt/token',
      '  volumes:', '  - name: jwt-my-jwt', '    secret:', '      secretName: my-jwt', '      items:', '      - key: token',
      '        path: token', '      defaultMode: 292', '      optional: false',
    ],
  },
  {
    title: 'lists deeper than their key, that are there already, with comments',
    text: `# head
spec:
    # volumes of ours
    volumes:
        # data
        - name: data
          emptyDir: {}   # empty

    containers:
        - name: a
          env:
              # where we live
              - name: HOME
                value: |
                  /home

          volumeMounts:
              - {name: data, mountPath: /data} # one line
          image: "x"
    restartPolicy: 'Never'
# tail
`,
    added: [
      '        - name: jwt-my-jwt', '          secret:', '            secretName: my-jwt', '            items:',
      '              - key: token', '                path: token', '            defaultMode: 292', '            optional: false',
      '              - name: BEARER_TOKEN_FILE', '                value: /var/run/secrets/jwt/token',
      '              - name: jwt-my-jwt', '                mountPath: /var/run/secrets/jwt', '                readOnly: true',
    ],
  },
]; // prettier-ignore

describe('a document that is changed stays as it is written:', () => {
  for (const { title, text, added } of BLOCKS) {
    it(title, () => {
      assert.deepEqual(addedLines(text, inject(text)), added);
    });

    it(`${title}, with CRLF`, () => {
      const crlf = text.replaceAll('\n', '\r\n');
      const written = inject(crlf);
      assert.doesNotMatch(written, /[^\r]\n/);
      assert.deepEqual(
        addedLines(crlf, written),
        added.map((line) => `${line}\r`),
      );
    });
  }

  const lines: readonly (readonly [string, string, string])[] = [
    ['no line break at the end', 'spec:\n  containers:\n  - name: a', 'optional: false\n'],
    ['a list of nothing', 'spec:\n  volumes: [] # none\n  containers:\n  - {name: a, env: []}\n', 'volumes: # none\n'],
    ['a list of null', 'spec:\n  volumes: ~\n  containers:\n  - name: a\n    env:\n', 'volumes:\n'],
    [
      'flow style',
      'spec: {containers: [{name: a, env: [{name: HOME, value: e2}], image: }]}\n',
      'spec: {containers: [{name: a, env: [{name: BEARER_TOKEN_FILE, value: /var/run/secrets/jwt/token}, {name: HOME, value: e2}], image: , volumeMounts: [{name: jwt-my-jwt,',
    ],
    ['flow style with a comma at the end', 'spec: {containers: [{name: a,},],}\n', '{name: a, volumeMounts: ['],
    ['an explicit key', '? spec\n: containers:\n  - name: a\n', 'volumes:'],
    ['a key in quotes', '"spec":\n  "containers":\n  - "name": a\n', '    env:\n'],
    ['a text of several lines at the end', 'spec:\n  containers:\n  - name: a\n    args:\n    - |+\n      x\n\n\n', '|+\n      x\n\n\n    volumeMounts:'],
    ['a document marker', '--- # first\nspec:\n  containers:\n  - name: a\n...\n', '--- # first\nspec:'],
  ]; // prettier-ignore
  for (const [title, text, part] of lines) {
    it(title, () => {
      const written = inject(text);
      assert.ok(written.includes(part), written);
    });
  }

  it('scalars that YAML libraries read differently stay as they are', () => {
    const text =
      'spec:\n  x: [e2, on, 0o444, 0444, 1e3, 9007199254740993, 08, ~, "on", y, 1.0]\n  containers:\n  - name: a\n';
    assert.ok(inject(text).startsWith(text));
  });

  it('anchors, aliases and merge keys are replaced by their values, and the meaning stays', () => {
    const text =
      'base: &base\n  name: a\n  x: 1e3 # kept\nspec:\n  containers:\n  - *base\n  - <<: *base\n    name: "on"\n';
    const written = inject(text);
    assert.doesNotMatch(written, /[&*]base|<</);
    assert.match(written, /x: 1e3 # kept/);
  });

  it('anchors elsewhere stay', () => {
    const text = 'labels: &l {a: b}\nmore: *l\nspec:\n  containers:\n  - name: a\n';
    assert.ok(inject(text).startsWith(text));
  });
});

describe('JSON stays JSON:', () => {
  it('a carriage return alone is white space in it, and becomes a line feed', () => {
    for (const text of ['{\r"a": [\r1]\r}\r', '\r{"a":\r[1]}\r{"a":\r[1]}\r\n']) {
      const documents = readEditable(text);
      assert.ok(documents.ok);
      for (const { value } of documents.value) assert.deepEqual(value, { a: [1] });
      const written = documents.value.map((document) => document.text()).join('');
      assert.equal(written, text.replaceAll(/\r(?!\n)/g, '\n'));
    }
  });

  for (const [title, space] of [
    ['on one line', undefined],
    ['on many', 2],
    ['with tabs', '\t'],
  ] as const) {
    it(title, () => {
      const pod = {
        spec: {
          containers: [{ name: 'a', env: [{ name: 'X' }] }, { name: 'b' }],
          y: 1,
        },
      };
      const text = `${JSON.stringify(pod, undefined, space)}\n`;
      const written = inject(text);
      const parsed: unknown = JSON.parse(written);
      assert.deepEqual(parsed, only(written).value);
      if (space !== undefined) addedLines(text.replaceAll(/[,\]}]/g, ''), written.replaceAll(/[,\]}]/g, ''));
    });
  }
});

describe('laws of editing:', () => {
  const scalar = fc.oneof(
    fc.constantFrom(
      'e2',
      'on',
      '0444',
      '',
      'a: b',
      '# c',
      'x\ny',
      ' lead',
      '~',
      '*a',
      '&a',
      '- x',
      "it's",
      '"',
    ),
    fc.string({ maxLength: 8 }),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
  );
  // The library writes this name without quotes, and then it merges a map.
  const name = fc.string({ maxLength: 5 }).filter((text) => text !== '<<');
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 3 },
      scalar,
      fc.array(tie('any'), { maxLength: 3 }),
      fc.dictionary(name, tie('any'), { maxKeys: 3 }),
    ),
  })).any;
  const list = (entry: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
    fc.oneof(fc.constant(null), fc.constant(undefined), fc.array(entry, { maxLength: 2 }));
  const container = fc.record({
    name: fc.constantFrom('a', 'b'),
    volumeMounts: list(fc.constant({ name: 'v' })),
    env: list(fc.constant({ name: 'X', value: 'on' })),
    more: value,
  });
  const pod = fc.record({
    before: value,
    spec: fc.record({
      x: value,
      volumes: list(fc.constant({ name: 'v' })),
      containers: fc.array(container, { minLength: 1, maxLength: 2 }),
      y: value,
    }),
    after: value,
  });
  const layout = fc.record({
    indent: fc.constantFrom(1, 2, 4),
    indentSeq: fc.boolean(),
    flow: fc.boolean(),
    json: fc.constantFrom(false, 0, 2),
    eol: fc.constantFrom('\n', '\r\n'),
    lineWidth: fc.constantFrom(0, 20, 80),
  });

  it('for any layout, the text has its old meaning and the additions', () => {
    fc.assert(
      fc.property(pod, layout, (object, { json, eol, flow, ...options }) => {
        const plain: Json = JSON.parse(JSON.stringify(object));
        const text =
          json === false
            ? stringify(plain, {
                ...options,
                collectionStyle: flow ? ('flow' as const) : ('any' as const),
                version: '1.1',
              })
            : `${JSON.stringify(plain, undefined, Number(json))}\n`;
        const written = inject(text.replaceAll('\n', eol));
        if (json !== false) assert.deepEqual(JSON.parse(written), only(written).value);
      }),
      { numRuns: Math.min(TRIES, 500) },
    );
  });

  it('a document without a change stays the same, character for character', () => {
    fc.assert(
      fc.property(pod, layout, (object, { json: _json, eol, flow, ...options }) => {
        const text = stringify(JSON.parse(JSON.stringify(object)), {
          ...options,
          collectionStyle: flow ? ('flow' as const) : ('any' as const),
        }).replaceAll('\n', eol);
        assert.equal(only(text).text(), text);
        assert.ok(parse(text) !== undefined);
      }),
      { numRuns: Math.min(TRIES, 200) },
    );
  });
});
