import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { writePatch, type PatchOperation } from '../../src/resources/json-patch.ts';

const path = fc.string({ unit: 'binary' });

/** Few values for many operations, as in a patch that puts the same mount into every container. */
const patches: fc.Arbitrary<readonly PatchOperation[]> = fc
  .array(fc.jsonValue(), { minLength: 1, maxLength: 3 })
  .chain((values) =>
    fc.array(
      fc.oneof(
        fc.record({ op: fc.constant('add' as const), path, value: fc.constantFrom(...values) }),
        fc.record({ op: fc.constant('remove' as const), path }),
      ),
    ),
  );

describe('the text of a patch', () => {
  it('is what JSON.stringify makes of it, whatever paths and values hold', () => {
    fc.assert(
      fc.property(patches, (operations) => {
        assert.equal(writePatch(operations), JSON.stringify(operations));
      }),
    );
  });
});
