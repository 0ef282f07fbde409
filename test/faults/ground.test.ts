import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openFakeArena } from './fake-arena.ts';
import { openGround } from './ground.ts';
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
