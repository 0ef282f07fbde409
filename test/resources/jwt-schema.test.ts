import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseJwtSpec } from '../../src/resources/jwt.ts';
import { readSpecSchema, type Schema } from '../fixtures/crd.ts';
import { wireJwt } from '../fixtures/jwts.ts';
import { SECRET } from '../signing/lint/specs.ts';

/** A maximum that the API server accepts in a new JWT. */
interface Bound {
  /** For example `['key', 'secret', 'name']`. */
  readonly path: readonly string[];
  readonly most: number;
  readonly valueOf: (size: number) => unknown;
}

const entries = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`n${index}`, '']));

function boundsOf(schema: Schema, path: readonly string[] = []): readonly Bound[] {
  const own: readonly (readonly [number | undefined, Bound['valueOf']])[] = [
    [schema.maximum, (size) => size],
    [schema.maxLength, (size) => 'x'.repeat(size)],
    [schema.maxProperties, entries],
  ];
  return [
    ...own.flatMap(([most, valueOf]) => (most === undefined ? [] : [{ path, most, valueOf }])),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => boundsOf(inner, [...path, name])),
  ];
}

/** The spec of a JWT with the value at this path. */
function specWith(path: readonly string[], value: unknown): unknown {
  const [field = '', ...rest] = path;
  if (field === 'key' && rest.length === 2)
    return wireJwt({ key: { secret: { ...SECRET.secret, [rest[1] ?? '']: value } } }).spec;
  return wireJwt({ [field]: rest.reduceRight((inner, name) => ({ [name]: inner }), value) }).spec;
}

describe('the bounds of the CRD are those of the service:', () => {
  const bounds = boundsOf(readSpecSchema());

  it('there are bounds of each kind', () => {
    const fields = new Set(bounds.map(({ path }) => path.join('.')));
    for (const field of [
      'issuer',
      'data',
      'expiryTime.minutes',
      'key.secret.namespace',
      'secretTemplate.labels',
    ])
      assert.ok(fields.has(field), field);
  });

  for (const { path, most, valueOf } of bounds) {
    it(`at most ${most} in spec.${path.join('.')}`, () => {
      const isRead = (size: number): boolean => parseJwtSpec(specWith(path, valueOf(size))).ok;
      assert.deepEqual([isRead(most), isRead(most + 1)], [true, false]);
    });
  }
});
