import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { MountingPods } from '../../src/delivery/mounting-pods.ts';
import { Replacement } from '../../src/kube/watch/watch-store.ts';

describe('the index of pods that mount a Secret', () => {
  it('has the newest states of all pods, for any order of their arrival', () => {
    const pod = fc.constantFrom('x/a', 'x/b', 'y/a', 'y/c');
    const change = fc.record({
      pod,
      secrets: fc.option(fc.uniqueArray(fc.constantFrom('s', 't', 'u')), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(change), (changes) => {
        const pods = new MountingPods();
        const model = new Map<string, readonly string[]>();
        for (const [version, { pod: key, secrets }] of changes.entries()) {
          model.delete(key);
          if (secrets === undefined) pods.delete(key);
          else {
            pods.set(key, String(version), secrets);
            if (secrets.length > 0) model.set(key, secrets);
          }
        }
        for (const namespace of ['x', 'y']) {
          for (const secret of ['s', 't', 'u']) {
            const expected = [...model]
              .filter(([key, secrets]) => key.startsWith(`${namespace}/`) && secrets.includes(secret))
              .map(([key]) => key);
            assert.deepEqual([...pods.of(namespace, secret)].toSorted(), expected.toSorted());
          }
        }
        assert.deepEqual([...pods.keys()].toSorted(), [...model.keys()].toSorted());
        assert.equal(pods.size, [...model.values()].flat().length);
      }),
    );
  });

  it('distinguishes Secrets of the same name in two namespaces', () => {
    const pods = new MountingPods();
    pods.set('x/a', '1', ['s']);
    assert.equal(pods.of('y', 's').size, 0);
  });

  it('remembers the resourceVersion that a list-watch asks for', () => {
    const pods = new MountingPods();
    pods.set('x/a', '7', ['s']);
    assert.equal(pods.resourceVersion('x/a'), '7');
    pods.delete('x/a');
    assert.equal(pods.resourceVersion('x/a'), undefined);
  });

  it('stores nothing beyond its limit, and has room again after a pod is deleted', () => {
    const pods = new MountingPods(3);
    pods.set('x/a', '1', ['s', 't']);
    pods.set('x/b', '1', ['s', 't']);
    pods.set('x/c', '1', ['s']);
    assert.deepEqual(
      [[...pods.of('x', 's')], [...pods.of('x', 't')], pods.size],
      [['x/a', 'x/b'], ['x/a'], 3],
    );
    pods.delete('x/a');
    pods.set('x/c', '2', ['s']);
    assert.deepEqual([[...pods.of('x', 's')], pods.size], [['x/b', 'x/c'], 2]);
  });

  it('takes a pod in whole with the next list when there was only room for a part of it', () => {
    const pods = new MountingPods(2);
    pods.set('x/a', '1', ['s']);
    pods.set('x/b', '2', ['s', 't']);
    pods.delete('x/a');
    const list = new Replacement(pods, '');
    const metadata = { namespace: 'x', name: 'b', resourceVersion: '2' };
    assert.equal(list.recognize({ metadata }), undefined, 'it is to be read again');
    list.add({ key: 'x/b', resourceVersion: '2', value: ['s', 't'] });
    assert.deepEqual([...pods.of('x', 't')], ['x/b']);
    assert.equal(list.recognize({ metadata }), 'x/b', 'now all of it is known');
  });
});
