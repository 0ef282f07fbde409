import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readEditable } from '../../../src/commands/yaml/editable-document.ts';
import { TRIES } from '../../fixtures/tries.ts';

describe('the documents of a file', () => {
  const pieces = fc.constantFrom(
    'a: b\n', '- c\n', '"d"\n', '|\n  e\n\n', '{f: g}\n', '---\n', '--- h\n', '--- # i\n', '...\n', '... # j\n', '# k\n',
    '  # l\n', '\n', '  \n', '\t\n', '%YAML 1.1\n', '%TAG !x! tag:x,2000:\n', '!x!y z\n',
  ); // prettier-ignore

  it('are together the whole text', () => {
    let read = 0;
    fc.assert(
      fc.property(fc.array(pieces), fc.constantFrom('\n', '\r\n'), (parts, eol) => {
        const text = parts.join('').replaceAll('\n', eol);
        const documents = readEditable(text);
        if (!documents.ok) return;
        read += 1;
        assert.equal(documents.value.map((document) => document.text()).join(''), text);
      }),
      { numRuns: TRIES },
    );
    assert.ok(read > 0);
  });
});
