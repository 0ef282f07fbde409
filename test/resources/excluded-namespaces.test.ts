import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isExcluded } from '../../src/resources/excluded-namespaces.ts';

describe('an excluded namespace', () => {
  it('is that of Kubernetes itself, or that of jwt-injector', () => {
    const own = (namespace: string | undefined) => isExcluded(namespace, 'tokens');
    assert.deepEqual(['kube-system', 'tokens'].map(own), [true, true]);
    assert.deepEqual(['jwt-injector', 'science', '', undefined].map(own), [false, false, false, false]);
  });
});
