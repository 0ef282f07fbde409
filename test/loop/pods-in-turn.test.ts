import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PodsInTurn } from '../../src/loop/pods-in-turn.ts';

interface Pod {
  readonly namespace: string;
  readonly name: string;
  readonly note?: string;
}

const pod = (text: string, note = ''): Pod => {
  const [namespace = '', name = ''] = text.split('/');
  return { namespace, name, note };
};

function takeAll(pods: PodsInTurn<Pod>): readonly string[] {
  const taken: string[] = [];
  for (let next = pods.take(); next !== undefined; next = pods.take())
    taken.push(`${next.namespace}/${next.name}${next.note ?? ''}`);
  return taken;
}

describe('waiting pods', () => {
  it('are taken from the namespaces in turn, the oldest of each first', () => {
    const pods = new PodsInTurn<Pod>({ most: 10, mostOfNamespace: 10 });
    for (const text of ['a/1', 'a/2', 'a/3', 'b/1', 'c/1', 'c/2']) assert.ok(pods.add(pod(text)));
    assert.equal(pods.size, 6);
    assert.deepEqual([...pods.of('c')], [pod('c/1'), pod('c/2')]);
    assert.deepEqual([...pods.of('d')], []);
    assert.deepEqual(takeAll(pods), ['a/1', 'b/1', 'c/1', 'a/2', 'c/2', 'a/3']);
    assert.equal(pods.size, 0);
  });

  it('wait once each, as they were added first', () => {
    const pods = new PodsInTurn<Pod>({ most: 1, mostOfNamespace: 1 });
    assert.ok(pods.add(pod('a/1', ' first')));
    assert.ok(pods.add(pod('a/1', ' again')));
    assert.deepEqual(takeAll(pods), ['a/1 first']);
    assert.ok(pods.add(pod('a/1', ' later')));
    assert.deepEqual(takeAll(pods), ['a/1 later']);
  });

  it('are limited, for one namespace and for all', () => {
    const pods = new PodsInTurn<Pod>({ most: 3, mostOfNamespace: 2 });
    const added = ['a/1', 'a/2', 'a/3', 'b/1', 'c/1'].map((text) => pods.add(pod(text)));
    assert.deepEqual(added, [true, true, false, true, false]);
    pods.take();
    assert.ok(pods.add(pod('c/1')));
  });
});
