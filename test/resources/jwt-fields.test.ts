import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findUnknownFields } from '../../src/resources/jwt-fields.ts';
import { readSpecSchema, type Schema } from '../fixtures/crd.ts';

/** Objects whose members are free, or mean nothing by themselves. */
const FREE: ReadonlySet<string> = new Set(['data', 'labels', 'annotations', 'configMap']);

/** A spec with all members of the schema, and one more, `odd`, in each object that is not free. */
function fill({ properties }: Schema, odd: Record<string, unknown>): Record<string, unknown> {
  const members = Object.entries(properties ?? {}).map(([name, schema]) => [
    name,
    schema.properties === undefined || FREE.has(name) ? { free: 1 } : fill(schema, odd),
  ]);
  return { ...Object.fromEntries(members), ...odd };
}

describe('an unknown field of a JWT', () => {
  it('is not one that the schema of the API server has', () => {
    assert.deepEqual(findUnknownFields(fill(readSpecSchema(), {})), []);
  });

  it('is found by its path, in every object that the schema describes', () => {
    assert.deepEqual(findUnknownFields(fill(readSpecSchema(), { odd: 1 })).toSorted(), [
      'spec.expiryTime.odd',
      'spec.key.odd',
      'spec.key.secret.odd',
      'spec.odd',
      'spec.resignBefore.odd',
      'spec.secretTemplate.odd',
    ]);
  });

  it('is only searched for in objects', () => {
    for (const spec of [undefined, null, 'text', ['a'], { key: 'pem', expiryTime: null }])
      assert.deepEqual(findUnknownFields(spec), []);
  });
});
