import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { applyPatch } from '../../../src/commands/yaml/apply-patch.ts';

describe('a patch', () => {
  it('changes a copy', () => {
    const before = { list: ['b'], kept: { a: 1 }, gone: true, big: 2n ** 60n };
    const after = applyPatch(before, [
      { op: 'add', path: '/list/0', value: 'a' },
      { op: 'add', path: '/list/-', value: 'c' },
      { op: 'add', path: '/x~1y~0', value: {} },
      { op: 'add', path: '/x~1y~0/z', value: null },
      { op: 'remove', path: '/gone' },
    ]);
    assert.deepEqual(after, {
      list: ['a', 'b', 'c'],
      kept: { a: 1 },
      big: 2n ** 60n,
      'x/y~': { z: null },
    });
    assert.deepEqual(before, { list: ['b'], kept: { a: 1 }, gone: true, big: 2n ** 60n });
  });

  it('changes one of two places that a YAML alias shares', () => {
    const shared = { env: [] };
    const after = applyPatch({ a: shared, b: shared }, [{ op: 'add', path: '/a/env/-', value: 1 }]);
    assert.deepEqual(after, { a: { env: [1] }, b: { env: [] } });
  });

  it('for a place that does not exist is an error', () => {
    assert.throws(() => applyPatch({}, [{ op: 'add', path: '/a/b', value: 1 }]), /\/a\/b/);
  });
});
