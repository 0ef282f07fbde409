import { makeKey, toPem } from '../fixtures/keys.ts';
import { pathOf } from './api.ts';
import type { Fault } from './fault.ts';
import type { Ground } from './ground.ts';
import { holdFirst, isApplyOf } from './hold.ts';
import type { TrackedJwt } from './tracked-jwt.ts';

const NAME = 'caught';

/** The reason for a write at which the process is killed. */
interface Occasion {
  readonly name: string;
  readonly title: string;
  /**
   * Makes the service write a token for a JWT that has one; without it, the write is that of its first token.
   */
  readonly begin?: (jwt: TrackedJwt, ground: Ground) => Promise<unknown>;
}

const OCCASIONS: readonly Occasion[] = [
  { name: 'first-token', title: 'the first token' },
  { name: 'renewal', title: 'a requested renewal', begin: (jwt) => jwt.requestRenewal() },
  {
    name: 'key-change',
    title: 'a changed key',
    begin: async (jwt, ground) => {
      const key = makeKey('ES256');
      jwt.addCauses();
      jwt.noteKey(key, `${NAME}-1`);
      await ground.storeKey(`${NAME}-key`, toPem(key));
    },
  },
  {
    name: 'deleted-secret',
    title: 'a deleted Secret',
    begin: async (jwt) => {
      jwt.addCauses();
      await jwt.removeSecret();
    },
  },
];

/** Kills the service while its write is being sent, and starts the next process. */
async function killAt(ground: Ground, what: 'secret' | 'status', { begin }: Occasion): Promise<void> {
  const { arena, namespace } = ground;
  const settled = begin === undefined ? undefined : await ground.sign(NAME);
  const before = settled?.text ?? '';
  const player = arena.main();
  const path =
    what === 'secret' ? pathOf('secrets', namespace, NAME) : `${pathOf('jwts', namespace, NAME)}/status`;
  using held = holdFirst(player.proxy, `a write of the ${what}`, isApplyOf(path));
  const jwt = settled ?? (await ground.sign(NAME, { isAwaited: false }));
  const forgive = jwt.excuse();
  await begin?.(jwt, ground);
  await held.arrive(arena.patienceMs);
  await player.kill();
  held.decide('drop');
  if (what === 'status') jwt.addCauses(); // a status that was not written can lead to one more signature
  const startedAt = performance.now();
  await arena.startMain();
  await jwt.waitFor('a new token', () => jwt.isRenewed(before), 2 * arena.lease.duration + 10_000);
  ground.recovered(performance.now() - startedAt);
  forgive();
}

function killedAt(what: 'secret' | 'status', where: string, inShort: string): readonly Fault[] {
  return OCCASIONS.map((occasion) => ({
    name: `killed-before-${what}-${occasion.name}`,
    title: `kill -9 ${where}: ${occasion.title}`,
    isLocal: false,
    tries: { short: occasion.name === inShort ? 1 : 0, full: 1 },
    play: (ground) => killAt(ground, what, occasion),
  }));
}

export const CRASHES: readonly Fault[] = [
  ...killedAt('secret', 'between signing and writing the Secret', 'first-token'),
  ...killedAt('status', 'between Secret and status', 'key-change'),
];
