import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import { readEditable } from '../../../src/commands/yaml/editable-document.ts';
import { printYamlValue } from '../../../src/commands/yaml/print-yaml-value.ts';
import { TRIES } from '../../fixtures/tries.ts';

const WORDS = ['on', 'No', 'y', '~', '', 'null', '0b11', '1_000', '0o7', '017', '+1', '.5', '1e3', '.inf', '-.Inf', '<<', '=', 'a: b', '# c', 'x\ny\n', '\u001B']; // prettier-ignore

function read(text: string): unknown {
  const documents = readEditable(text);
  assert.ok(documents.ok);
  return documents.value[0]?.value;
}

describe('a value that is written as YAML', () => {
  it('is read by Kubernetes, and by YAML 1.2 libraries, as the same value', () => {
    const text = fc.oneof(fc.constantFrom(...WORDS), fc.string({ maxLength: 8 }));
    const value = fc.oneof(
      text,
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.array(text),
      fc.dictionary(text, text),
    );
    fc.assert(
      fc.property(fc.dictionary(text, value), (object) => {
        const plain: unknown = JSON.parse(JSON.stringify(object));
        assert.deepEqual(read(printYamlValue(plain)), plain);
        assert.deepEqual(parse(printYamlValue(plain)), plain);
      }),
      { numRuns: TRIES },
    );
  });

  it('has only the quotes that are needed, and block style for several lines', () => {
    const object = { name: 'my-jwt', hours: 6, on: ['on', 'once'], pem: 'BEGIN\nEND\n' };
    assert.equal(
      printYamlValue(object),
      'name: my-jwt\nhours: 6\n"on":\n  - "on"\n  - once\npem: |\n  BEGIN\n  END\n',
    );
  });
});
