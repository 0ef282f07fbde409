import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { statusBody, writeStatus } from '../../src/loop/write-status.ts';
import { makeJwt, NO_STATUS } from '../fixtures/jwts.ts';
import { jwt, makeReconciler } from './made-reconciler.ts';

describe('the body of a status', () => {
  it('has the resourceVersion of its JWT', () => {
    assert.deepEqual(statusBody(makeJwt(), { ...NO_STATUS, renewals: 1 }), {
      apiVersion: 'tokens.osg-htc.org/v1',
      kind: 'JWT',
      metadata: { name: 'my-jwt', namespace: 'science', resourceVersion: '7' },
      status: { conditions: [], renewals: 1 },
    });
  });
});

describe('a status that says nothing new', () => {
  const isReadNextTime = async (resourceVersion: string): Promise<boolean> => {
    const shown = { ...jwt, resourceVersion };
    const { reconciler, writes } = makeReconciler([], [], undefined, [shown]);
    const { conflicts } = reconciler.memory;
    for (let write = 0; write < 2; write += 1) conflicts.note(jwt.uid, 'jwt');
    await writeStatus(reconciler, jwt, jwt.recorded);
    assert.deepEqual(writes, []);
    return conflicts.mustRead(jwt.uid, 'jwt');
  };

  it('ends the conflicts of its JWT if the caches show that JWT: what is written next is made from it', async () => {
    assert.equal(await isReadNextTime(jwt.resourceVersion), false);
  });

  it('does not end them while the caches show an earlier JWT', async () => {
    assert.equal(await isReadNextTime('6'), true);
  });
});

describe('a condition whose cause has come again', () => {
  const reused = { type: 'KeyIdReused', status: 'True', reason: 'KeyIdReused', message: 'another key' };
  const conditions = [{ ...reused, lastTransitionTime: '2026-01-01T00:00:00Z' }];
  const before = makeJwt({}, { status: { conditions } });

  it('is recorded once more, and not when another part of the status is new', async () => {
    const { reconciler, changed } = makeReconciler([]);
    await writeStatus(reconciler, before, { ...before.recorded, renewals: 1 });
    assert.deepEqual(changed, []);
    const again = before.recorded.conditions.map((each) => ({ ...each, lastTransitionTime: 1_800_000_000 }));
    await writeStatus(reconciler, before, { ...before.recorded, conditions: again });
    assert.deepEqual(changed, ['KeyIdReused KeyIdReused false']);
  });
});

describe('a condition that goes', () => {
  const contended = { type: 'Contended', status: 'True', reason: 'Contended', message: 'who does' };
  const before = makeJwt({}, { status: { conditions: [contended] } });

  it('is recorded like one that comes', async () => {
    const { reconciler, changed } = makeReconciler([]);
    await writeStatus(reconciler, before, NO_STATUS);
    assert.deepEqual(changed, ['Contended over']);
  });

  it('is not called over while the spec cannot be served: nobody looked for it', async () => {
    const { reconciler, changed } = makeReconciler([]);
    const spec = { ok: false, problem: { reason: 'ClaimsInvalid', message: 'x' } } as const;
    await writeStatus(reconciler, { ...before, spec }, NO_STATUS);
    assert.deepEqual(changed, []);
  });
});
