import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readEditable } from '../../../src/commands/yaml/editable-document.ts';

describe('a YAML file that cannot be read', () => {
  const problemOf = (text: string): string => {
    const read = readEditable(text);
    assert.ok(!read.ok);
    return read.problem.message;
  };

  it('names the first fault of its text, with line and column', () => {
    assert.equal(
      problemOf('a: b\nc: d: e\nf: g: h\n'),
      'Nested mappings are not allowed in compact mappings at line 2, column 4: correct the YAML',
    );
  });

  it('names the place of a value that Kubernetes does not have', () => {
    const cases: Readonly<Record<string, string>> = {
      'a:\n  b: .inf\n':
        '.inf is a number that Kubernetes does not have at line 2, column 6: put it in quotes, or remove it',
      'a: 1\n---\n# x\nb: &b [c, *b]\n':
        'alias *b is inside its own anchor at line 4, column 11: write the value out',
      'a: *b\n': 'alias *b has no anchor at line 1, column 4: add &b',
      'a: 1\n? [b]\n: c\n': 'a key is a list or a map at line 2, column 3: write a string',
      'a: {: 1}\n': 'a key is empty at line 1, column 5: write a string',
      'a:\n  <<: [{}, 1]\n': '"<<" must merge a map or a list of maps at line 2, column 7: correct it',
      'a:\n  - !!int x\n': '"x" is not what its tag !!int says at line 2, column 11: correct one of them',
      'a: !!binary ä\n': 'a value with the tag !!binary is not base64 at line 1, column 13: encode it again',
    };
    for (const [text, problem] of Object.entries(cases)) assert.equal(problemOf(text), problem, text);
  });

  it('may be a template, and then says so', () => {
    const remedy = 'render the template first, for example with helm template';
    const cases: Readonly<Record<string, string>> = {
      'a: 1\nname: {{ .Values.x }}\n': `a key is a list or a map at line 2, column 8: ${remedy}`,
      'a: {{ include "x" . }}-b\n': `Unexpected scalar at node end at line 1, column 23: ${remedy}`,
      'a: b\n{{- if .Values.x }}\nc: d\n{{- end }}\n': remedy,
      'a:\n  {{- include "x" . | nindent 4 }}\n': remedy,
    };
    for (const [text, problem] of Object.entries(cases)) assert.ok(problemOf(text).endsWith(problem), text);
    assert.match(
      problemOf('{"a": "{{", [b]: c}'),
      /write a string$/,
      'JSON with such a text is not a template',
    );
  });

  for (const [character, name] of [
    ['\u0085', '0085'],
    ['\u2028', '2028'],
    ['\u2029', '2029'],
    ['\r', '000D'],
  ] as const) {
    it(`has a character that is a line break only for kubectl: U+${name}`, () => {
      const remedy =
        character === '\r' ? 'use \\n or \\r\\n as line ends' : `remove it, or write "\\u${name}"`;
      const problem = `U+${name} at line 2, column 6 is a line break to kubectl: ${remedy}`;
      for (const line of [`c: # ${character}  d: e\n`, `c: xx${character}y\n`, `'c': ${character}y\n`]) {
        const text = `"a": 1\r\n${line}`;
        assert.equal(problemOf(text), problem, JSON.stringify(text));
      }
      assert.equal(problemOf(`|\n"abcd${character}"`), problem, 'no double quotes, but a text');
      const header = `"a": 1\nb: | #${character}${character}\n  text below begins with empty lines to kubectl\n`;
      assert.equal(problemOf(header), problem.replace('column 6', 'column 7'));
      for (const comments of [
        `a: [1, # b${character}\n  2] #${character}${character}\r\n`,
        `# a${character}`,
      ])
        assert.ok(readEditable(comments).ok, JSON.stringify(comments));
      assert.ok(readEditable(`a: "x${character}y" # "\r\nb: "${character}"\r\n`).ok);
    });
  }

  it('continues after `...` without `---`: kubectl reads nothing there', () => {
    const problem = 'it ends with `...`, and kubectl reads nothing after that: put `---` below it';
    for (const text of [
      'a: 1\n...\nb: 2\n',
      '...\na: 1\n',
      '---\n... # c\n# d\n{b: 2}\n',
      'a: 1\n...\n...\n~\n',
    ])
      assert.equal(problemOf(text), problem, text);
    for (const text of ['a: 1\n...\n---\nb: 2\n', 'a: 1\n...\n# b: 2\n', 'a: 1\n...\n...\n'])
      assert.ok(readEditable(text).ok, text);
  });

  it('can have any number of levels, broken or not', () => {
    for (const text of ['- '.repeat(20_000), `- ${'? '.repeat(20_000)}}`, `a:\n  ${'a: '.repeat(20_000)}}`])
      assert.equal(problemOf(text), 'lists and maps are nested too deeply: reduce the nesting');
  });
});
