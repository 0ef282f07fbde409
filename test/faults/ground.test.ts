import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { wireJwt } from '../fixtures/jwts.ts';
import { makeKey, toPem } from '../fixtures/keys.ts';
import { pathOf } from './api.ts';
import { openFakeArena } from './fake-arena.ts';
import { ONE_MINUTE, openGround } from './ground.ts';
import { MANAGED } from './in-order.ts';
import type { Seen } from './proxy.ts';

const LEAK = { invariant: 'I6', what: 'a key or token shows in the log' };

describe('a ground of the fault suite', { concurrency: true }, () => {
  it('finds its token in output from before another ground was closed (I6)', async () => {
    await using arena = openFakeArena();
    const [first, second] = [await openGround(arena, 'first', true), await openGround(arena, 'second', true)];
    const jwt = await first.sign('leaked');
    arena.print(`signed ${jwt.text}`);
    await second.close();
    await first.close();
    assert.deepEqual(first.violations, [LEAK]);
  });

  it('that is open as long as the witness exists finds the tokens of all others (I6)', async () => {
    await using arena = openFakeArena();
    const [witness, other] = [
      await openGround(arena, 'witness', true),
      await openGround(arena, 'other', true),
    ];
    const jwt = await other.sign('leaked');
    await other.close();
    arena.print(`signed ${jwt.text}`);
    await witness.close();
    assert.deepEqual([other.violations, witness.violations], [[], [LEAK]]);
  });

  it('also judges states that its watch reports only after the wait at the end', async () => {
    await using arena = openFakeArena({ repairs: false });
    const ground = await openGround(arena, 'space', true);
    const jwt = await ground.sign('spoilt');
    arena.delayWatches(1_500); // longer than the time of `rest`
    await jwt.patchSecret({ metadata: { labels: { [MANAGED]: null } } });
    await ground.close();
    assert.deepEqual(ground.violations, [
      { invariant: 'recovery', what: 'spoilt: it is Ready, but its Secret is not as documented' },
    ]);
  });

  it('finds writes of each process without a change (I4)', async () => {
    const write: Seen = {
      method: 'PATCH',
      path: '/api/v1/namespaces/space/secrets/a',
      isWatch: false,
      at: 0,
      status: 200,
      isAnswered: true,
      resourceVersion: '7',
    };
    const process = { writes: () => [write, write] };
    await using arena = openFakeArena({}, { main: process, standby: process });
    const ground = await openGround(arena, 'space', true);
    await ground.close();
    const found = { invariant: 'I4', what: 'PATCH space/secrets/a: a write that changed nothing' };
    assert.deepEqual(ground.violations, [found, found]);
  });

  it('finds a key in a status that was soon another, and in that of a JWT that is gone (I6)', async () => {
    await using arena = openFakeArena();
    const ground = await openGround(arena, 'space', true);
    const jwt = await ground.sign('leaked');
    const message = toPem(makeKey('ES256'));
    await ground.storeKey('another', message);
    await arena.api.merge(jwt.path, { status: { conditions: [{ type: 'Ready', status: 'True', message }] } });
    await arena.api.merge(jwt.path, { status: { conditions: [{ type: 'Ready', status: 'True' }] } });
    await arena.api.remove(jwt.path);
    await ground.close();
    assert.deepEqual(ground.violations, [{ invariant: 'I6', what: 'a key or token shows in a status' }]);
  });

  it('finds the key in a JWT itself in an event of a namespace that is gone (I6)', async () => {
    await using arena = openFakeArena();
    const ground = await openGround(arena, 'space', true);
    const away = await ground.addNamespace('going');
    const { spec } = wireJwt();
    await arena.api.create(pathOf('jwts', away), { metadata: { name: 'leaked' }, spec });
    await arena.api.create(pathOf('events', away), { metadata: { name: 'one' }, note: spec.key.value });
    await ground.rest(100);
    await arena.api.remove(pathOf('events', away, 'one'));
    await ground.close();
    assert.deepEqual(ground.violations, [{ invariant: 'I6', what: 'a key or token shows in an event' }]);
  });

  it('finds a token in the metrics of a standby that ends before the search (I6)', async () => {
    let metrics = async (): Promise<string> => '';
    let hasEnded = false;
    await using arena = openFakeArena(
      {},
      { standby: { metrics: () => metrics(), hasEnded: () => hasEnded } },
    );
    const ground = await openGround(arena, 'space', true);
    const { text } = await ground.sign('leaked');
    metrics = async () => `a{b="${text}"} 1`;
    await ground.readMetrics();
    hasEnded = true;
    await ground.close();
    assert.deepEqual(ground.violations, [{ invariant: 'I6', what: 'a key or token shows in the metrics' }]);
  });

  it('reports metrics that it cannot read (I6)', async () => {
    const refuse = async (): Promise<string> => Promise.reject(new Error('refused'));
    await using arena = openFakeArena({}, { main: { metrics: refuse } });
    const ground = await openGround(arena, 'space', true);
    await ground.close();
    const what = 'the metrics could not be searched: Error: refused';
    assert.deepEqual(ground.violations, [{ invariant: 'I6', what }]);
  });

  it('finds a status that reports the same token once more, unless the fault allows it (I4)', async () => {
    await using arena = openFakeArena({ isTalkative: true });
    const [strict, lenient] = [
      await openGround(arena, 'strict', true),
      await openGround(arena, 'lenient', true, 1),
    ];
    for (const ground of [strict, lenient]) {
      await ground.sign('twice');
      await ground.close();
    }
    const what = 'twice: 1 statuses beside the first one of each token, allowed are 0: Ready=True Signed';
    assert.deepEqual([strict.violations, lenient.violations], [[{ invariant: 'I4', what }], []]);
  });

  it('finds a token that was not renewed, unless nothing could be written all the time', async () => {
    await using arena = openFakeArena({ agesTokens: 40 }); // due for 10 s, valid for twice as long
    const [first, second] = [await openGround(arena, 'first', true), await openGround(arena, 'second', true)];
    await first.sign('forgotten', { spec: ONE_MINUTE });
    await first.close();
    const since = Date.now() - 60_000;
    await second.sign('hindered', { spec: ONE_MINUTE });
    arena.pauseSince(since);
    await second.close();
    assert.match(
      first.violations.map(({ invariant, what }) => `${invariant} ${what}`).join(),
      /^recovery forgotten: not renewed 1\d\.\d s after it was due, allowed are 5\.0 s \(nothing could be written for 0\.0 s\)$/,
    );
    assert.deepEqual(second.violations, []);
  });

  it('ignores output from before it was opened', async () => {
    await using arena = openFakeArena();
    const first = await openGround(arena, 'first', true);
    arena.print(`signed ${(await first.sign('leaked')).text}`);
    const second = await openGround(arena, 'second', true);
    await first.close();
    await second.close();
    assert.deepEqual([first.violations, second.violations], [[LEAK], []]);
  });
});
