import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findIdleWrites } from './idle-writes.ts';
import type { Seen } from './proxy.ts';

function write(resourceVersion: string | undefined, change: Partial<Seen> = {}): Seen {
  const path = '/apis/tokens.osg-htc.org/v1/namespaces/space/jwts/a/status';
  return {
    method: 'PATCH',
    path,
    isWatch: false,
    at: 0,
    status: 200,
    isAnswered: true,
    resourceVersion,
    ...change,
  };
}

describe('a write that changed nothing', () => {
  it('is a write whose answer has a version that the process already knew', () => {
    assert.deepEqual(findIdleWrites([write('1'), write('2'), write('2')], 'space'), [
      { invariant: 'I4', what: 'PATCH space/jwts/a/status: a write that changed nothing' },
    ]);
  });

  for (const [title, writes] of Object.entries({
    'is not one whose first answer was lost': [write('1', { isAnswered: false }), write('1')],
    'is not one that was refused': [write(undefined, { status: 500 }), write(undefined, { status: 500 })],
    'is not one in another namespace': [
      write('1', { path: '/api/v1/namespaces/space-2/secrets/a' }),
      write('1', { path: '/api/v1/namespaces/space-2/secrets/a' }),
    ],
  })) {
    it(title, () => assert.deepEqual(findIdleWrites(writes, 'space'), []));
  }
});
