import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parseAllDocuments } from 'yaml';

const DEPLOY = join(import.meta.dirname, '../../deploy');

/** Members that hold an expression. */
const EXPRESSIONS: ReadonlySet<string> = new Set(['rule', 'expression', 'messageExpression']);

/**
 * Reserved words of CEL (its specification, "Syntax"). As the name of a field they need underscores in
 * Kubernetes, as in `__namespace__`; newer versions accept them without, but 1.30 refuses the whole object.
 */
const RESERVED =
  /\.\??(?:as|break|const|continue|else|for|function|if|import|let|loop|package|namespace|return|var|void|while)\b/;

function* expressionsOf(value: unknown, key = ''): Generator<string> {
  if (typeof value === 'string' && EXPRESSIONS.has(key)) yield value;
  if (typeof value !== 'object' || value === null) return;
  for (const [name, inner] of Object.entries(value)) yield* expressionsOf(inner, name);
}

describe('the expressions that are shipped', () => {
  const files = globSync('{chart/files,kustomize}/**/*.yaml', { cwd: DEPLOY });
  const all = files.flatMap((file) =>
    parseAllDocuments(readFileSync(join(DEPLOY, file), 'utf8')).flatMap((document) =>
      [...expressionsOf(document.toJS())].map((text) => ({ file, text })),
    ),
  );

  it('name no field by a reserved word of CEL, which Kubernetes 1.30 does not accept', () => {
    const seen = new Set(all.map(({ file }) => file.split('/').slice(-2).join('/')));
    const holders = ['crd/jwts.yaml', 'prompt-delivery/policy.yaml', 'final-state-policy/policy.yaml'];
    assert.deepEqual(new Set(holders).difference(seen), new Set());
    assert.ok(all.length > 10, `only ${all.length} were found`);
    assert.deepEqual(
      all.filter(({ text }) => RESERVED.test(text)),
      [],
    );
  });
});
