import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { changeLines, withoutSecrets } from '../../src/telemetry/redact.ts';

const TOKEN = `eyJ${'a'.repeat(20)}.${'b'.repeat(20)}.${'c'.repeat(20)}`;
const PLAIN = '{"level":"info", "n":1.0,"msg":"as it is"}\n';

describe('lines of the log', () => {
  it('lose texts that look like a token or a key, and no other line is changed', () => {
    const lines = [
      PLAIN,
      `{"msg":"see ${TOKEN}"}\n`,
      '{"msg":"eyJ is not a token"}\n',
      '{"list":[{"key":"-----BEGIN PRIVATE KEY-----"}]}\n',
      PLAIN,
    ];
    const expected = [
      PLAIN,
      '{"msg":"[redacted]"}\n',
      '{"msg":"eyJ is not a token"}\n',
      '{"list":[{"key":"[redacted]"}]}\n',
      PLAIN,
    ];
    assert.equal(withoutSecrets(lines.join('')), expected.join(''));
  });

  it('lose a token after a hyphen, but not a shorter text or one without all parts', () => {
    const isRedacted = (text: string): boolean => withoutSecrets(`${text}\n`) === '[redacted]\n';
    const [ten, nine] = ['a'.repeat(10), 'a'.repeat(9)];
    for (const text of [
      `see-${TOKEN}`,
      `-${TOKEN}`,
      `(${TOKEN})`,
      `eyJ-eyJ${ten}.${ten}.`,
      `.eyJ${ten}.${ten}.`,
    ])
      assert.ok(isRedacted(text), text);
    for (const text of [`x${TOKEN}`, `eyJ${nine}.${ten}.`, `eyJ${ten}.${nine}.`, `eyJ${ten}.${ten}`])
      assert.ok(!isRedacted(text), text);
  });

  it('are redacted as a whole if they are not JSON', () => {
    assert.equal(withoutSecrets(`${PLAIN}raw ${TOKEN}\n${PLAIN}`), `${PLAIN}[redacted]\n${PLAIN}`);
  });

  it('are changed one by one', () => {
    assert.equal(
      changeLines('a\nb\n', (line) => `<${line}>`),
      '<a\n><b\n>',
    );
    assert.equal(
      changeLines('a\n\nb', (line) => line.toUpperCase()),
      'A\n\nB',
    );
  });
});
