import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isExcluded } from '../../src/resources/excluded-namespaces.ts';

describe('a namespace that is never touched', () => {
  it('is that of Kubernetes itself, and the one that jwt-injector is in', () => {
    const own = (namespace: string | undefined) => isExcluded(namespace, 'tokens');
    assert.deepEqual(['kube-system', 'tokens'].map(own), [true, true]);
    assert.deepEqual(['jwt-injector', 'science', '', undefined].map(own), [false, false, false, false]);
  });
});
