import assert from 'node:assert/strict';
import { it } from 'node:test';
import { readNamespaceDefault } from '../../src/resources/namespace-default.ts';

for (const [labels, token] of [
  [{ 'tokens.osg-htc.org/token': 'my-jwt' }, 'my-jwt'],
  [{ 'tokens.osg-htc.org/token': '' }, undefined],
  [{ 'tokens.osg-htc.org/token': 7 }, undefined],
  [{ 'tokens.osg-htc.org/inject': 'my-jwt' }, undefined],
  [{}, undefined],
  [undefined, undefined],
] as const) {
  it(`a Namespace with the labels ${JSON.stringify(labels)} has ${token ?? 'no token'} for its pods`, () => {
    assert.equal(readNamespaceDefault({ kind: 'Namespace', metadata: { name: 'science', labels } }), token);
  });
}

it('an object that is not a Namespace has no token for its pods', () => {
  for (const other of [undefined, null, 'science', { labels: { 'tokens.osg-htc.org/token': 'my-jwt' } }])
    assert.equal(readNamespaceDefault(other), undefined);
});
