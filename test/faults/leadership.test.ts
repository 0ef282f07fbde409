import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Violation } from './case-file.ts';
import { IMPATIENT, openFakeArena, type FakeArena } from './fake-arena.ts';
import { LEASE } from './follow-lease.ts';
import { openGround } from './ground.ts';
import { LEADER_CHANGES } from './leader-changes.ts';
import { LOST_LEASES } from './lost-leases.ts';
import type { Player } from './player.ts';
import { waitUntil } from '../controlplane/wait-until.ts';

/** Runs the fault with a Lease that the main player holds. An error is a violation, as in a run. */
async function play(
  fault: string,
  act: (arena: () => FakeArena) => { readonly main?: Partial<Player>; readonly standby?: Partial<Player> },
  patience?: typeof IMPATIENT,
): Promise<readonly Violation[]> {
  await using arena: FakeArena = openFakeArena(
    {},
    act(() => arena),
    patience,
  );
  const metadata = { name: 'jwt-injector' };
  await arena.api.create(LEASE.slice(0, LEASE.lastIndexOf('/')), {
    metadata,
    spec: { holderIdentity: 'main' },
  });
  const ground = await openGround(arena, 'space', true);
  await [...LEADER_CHANGES, ...LOST_LEASES]
    .find(({ name }) => name === fault)
    ?.play(ground)
    .catch((error) => ground.fail('recovery', String(error)));
  return ground.violations;
}

const holdBy = (arena: FakeArena, holderIdentity: string): Promise<unknown> =>
  arena.api.merge(LEASE, { spec: { holderIdentity } });

describe('leadership of the fault suite', { concurrency: true }, () => {
  it('a leader that releases its Lease when stopped passes', async () => {
    const found = await play('leader-stopped-at-load', (arena) => ({
      main: { stop: async () => void (await holdBy(arena(), '')) },
      standby: { waitUntilLeading: async () => Date.now() },
    }));
    assert.deepEqual(found, []);
  });

  it('one that ends after its Lease has expired does not pass, even if the successor leads by then', async () => {
    const found = await play('leader-stopped-at-load', (arena) => ({
      main: { stop: async () => void (await holdBy(arena(), 'standby')) },
    }));
    assert.deepEqual(found, [
      { invariant: 'recovery', what: 'the leader ended and did not give its lease back' },
    ]);
  });

  it('a successor that waits longer than 2 s for a free Lease does not pass', async () => {
    const found = await play('leader-stopped-at-load', (arena) => ({
      main: { stop: async () => void (await holdBy(arena(), '')) },
      standby: { waitUntilLeading: async () => Date.now() + 3_000 },
    }));
    assert.match(
      found.map(({ what }) => what).join(),
      /^the successor led only \d+ ms after the lease was free$/,
    );
  });

  for (const fault of ['lease-stolen', 'lease-deleted']) {
    it(`${fault}: a leader that ignores its Lease does not pass`, async () => {
      const found = await play(fault, () => ({}), IMPATIENT);
      assert.match(found.map(({ what }) => what).join(), /not within .*the leader to notice/);
    });

    it(`${fault}: one that writes before it leads again does not pass`, async () => {
      const found = await play(fault, (arena) => loseLease(arena, 'early'));
      assert.match(
        found.map(({ what }) => what).join(),
        /^1 writes without the lease, first .*\/secrets\/waiting$/,
      );
    });

    it(`${fault}: one that waits until it leads again passes`, async () => {
      assert.deepEqual(await play(fault, (arena) => loseLease(arena, 'late')), []);
    });
  }
});

/** A leader that notices that the Lease is not its own, and soon leads again. */
function loseLease(arena: () => FakeArena, when: 'early' | 'late'): { readonly main: Partial<Player> } {
  let isLost = false;
  let ledAt = Number.POSITIVE_INFINITY;
  const write = {
    method: 'PATCH',
    path: '/api/v1/namespaces/space/secrets/waiting',
    isWatch: false,
    isAnswered: true,
    status: 200,
  };
  return {
    main: {
      countTermsLost: () => {
        void arena()
          .api.get(LEASE)
          .then((lease) => (isLost ||= lease?.spec.holderIdentity !== 'main'))
          .catch(() => undefined); // the arena has ended
        return isLost ? 1 : 0;
      },
      waitUntilLeading: async () => {
        const lostAt = Date.now();
        await waitUntil('some time to pass', 1_000, () => Date.now() > lostAt + 50);
        return (ledAt = Date.now());
      },
      writes: () => [{ ...write, at: when === 'early' ? ledAt - 20 : ledAt + 20 }],
    },
  };
}
