import type { Schedule, Step } from './steps.ts';

const a = 'science/a' as const;
const k1 = 'science/k1' as const;
const k2 = 'science/k2' as const;

const wait = (ms: number): Step => ({ do: 'wait', ms });
const apiHealth = (kind: 'lossy' | 'status-refused'): Step => ({
  do: 'api-health',
  health: kind,
  relist: false,
});
const again = (times: number, steps: readonly Step[]): readonly Step[] =>
  Array.from({ length: times }, () => steps).flat();

/** Schedules that once broke a law, shortened as far as possible, named after the bug. */
const STEPS: Readonly<Record<string, readonly Step[]>> = {
  'the key was never recorded once the first status could not be written': [
    apiHealth('status-refused'),
    wait(1_000),
  ],
  'a first write that came late overwrote a newer token': [
    apiHealth('lossy'),
    wait(1_000),
    { do: 'label', jwt: a, name: 'team', value: 'x' },
  ],
  'a Secret that somebody made while ours was being signed was merged with ours': [
    { do: 'delete', jwt: a, how: 'background', recreate: false },
    wait(1_000),
    { do: 'collect garbage' },
    wait(1_000),
    { do: 'create', jwt: a },
    wait(1),
    { do: 'vandalise', jwt: a, how: 'replace by a foreign Secret' },
  ],
  'a JWT deleted while its status was written lived on in the cache': [
    wait(10),
    { do: 'delete', jwt: a, how: 'background', recreate: false },
  ],
  'metadata was not repaired while a renewal waited for its key': [
    wait(10),
    { do: 'key', secret: k1, holds: 'broken' },
    { do: 'vandalise', jwt: a, how: 'remove owner' },
    { do: 'renew', jwt: a, value: '1' },
  ],
  'the model did not know how a deleted JWT loses the finalizer of token-manager': [
    { do: 'mark', jwt: a },
    wait(1_000),
    { do: 'delete', jwt: a, how: 'foreground', recreate: false },
    wait(9_000),
    { do: 'collect garbage' },
    wait(31_000),
    { do: 'create', jwt: a },
  ],
  'a status that came late stayed': [
    apiHealth('lossy'),
    wait(1_000),
    { do: 'key', secret: k1, holds: 'second' },
    wait(90_000),
    { do: 'label', jwt: a, name: 'team', value: 'x' },
    wait(1_000),
  ],
  'a renewal whose status was refused was signed over and over': [
    wait(1_000),
    apiHealth('status-refused'),
    { do: 'renew', jwt: a, value: '1' },
    wait(31_000),
  ],
  'a back-off lasted an hour longer once the clock was set back an hour': [
    wait(1_000),
    apiHealth('status-refused'),
    { do: 'edit', jwt: a, edit: { scope: 1 } },
    wait(90_000),
    { do: 'jump', ms: -3_600_000 },
    wait(1_000),
  ],
  'a token checked with one key counted as checked with another': [
    wait(5),
    { do: 'restart', replica: 0 },
    { do: 'key', secret: k2, holds: 'first' },
    wait(5),
    { do: 'edit', jwt: a, edit: { key: k2 } },
    { do: 'key', secret: k2, holds: 'third' },
  ],
  'a Secret without our annotations but a signing time counted as token-manager’s': [
    wait(1_000),
    { do: 'vandalise', jwt: a, how: 'strip annotations' },
    { do: 'vandalise', jwt: a, how: 'signing time that is not a number' },
  ],
  'a Secret that stopped to be ours was repaired': [
    wait(1_000),
    { do: 'label', jwt: a, name: 'team', value: 'x' },
    wait(1),
    { do: 'vandalise', jwt: a, how: 'remove owner' },
    { do: 'vandalise', jwt: a, how: 'strip annotations' },
    wait(1_000),
  ],
  'the time of signing stayed that of an earlier token': [
    wait(600_000),
    { do: 'delete', jwt: a, how: 'background', recreate: true },
    wait(10),
    { do: 'collect garbage' },
    wait(3),
    { do: 'lead', replica: undefined, zombieMs: 0 },
    wait(1_000),
  ],
  'a write that was refused without leadership waited for news': [
    { do: 'edit', jwt: a, edit: { lifetime: 1 } },
    wait(31_000 - 2_000),
    { do: 'doubt', ms: 2_000 },
    wait(90_000),
  ],
  'a leader that was stopped when a renewal was due never made it': [
    { do: 'edit', jwt: a, edit: { lifetime: 1 } },
    wait(25_000),
    { do: 'suspend', replica: 0, what: 'process', ms: 11_000 },
    wait(90_000),
  ],
  'a renewal was never made after the clock had stepped ahead': [
    { do: 'edit', jwt: a, edit: { lifetime: 1 } },
    wait(25_000),
    { do: 'jump', ms: 12_000 },
    wait(90_000),
  ],
  'a status whose write was answered 404 once was never written': [
    { do: 'refuse', call: { verb: 'apply', what: 'status' }, answer: { status: 404 }, ms: 5_000 },
    wait(600_000),
  ],
  'a key whose read was answered 404 once was waited for': [
    { do: 'refuse', call: { verb: 'get', what: 'secret' }, answer: { status: 404 }, ms: 5 },
    wait(1_000),
  ],
  'metadata stayed as it was once the read of the Secret was answered 404': [
    wait(50),
    { do: 'label', jwt: a, name: 'team', value: 'x' },
    { do: 'refuse', call: { verb: 'get', what: 'secret' }, answer: { status: 404 }, ms: 5 },
    wait(1_000),
  ],
  'a Secret of a predecessor counted as one whose token cannot be checked': [
    wait(1_000),
    { do: 'api-health', health: 'down', relist: false },
    { do: 'delete', jwt: a, how: 'background', recreate: true },
    { do: 'lead', replica: 1, zombieMs: 0 },
    { do: 'edit', jwt: a, edit: { key: 'keys/shared' } },
    { do: 'lag', replica: 1, ms: 20_000 },
  ],
  'a Secret of token-manager was not taken over once the patch was refused': [
    wait(1_000),
    { do: 'refuse', call: { verb: 'patch', what: 'secret' }, answer: { status: 404 }, ms: 5_000 },
    { do: 'vandalise', jwt: a, how: 'go back to token-manager' },
    wait(600_000),
  ],
  'a lifetime edited by just one minute was not noticed': [
    wait(1_000),
    { do: 'edit', jwt: a, edit: { lifetime: 61 } },
    wait(10_000),
  ],
  'the status about the token in a foreign Secret depended on the state in memory': [
    { do: 'edit', jwt: a, edit: { policy: 'Retain' } },
    wait(3_600_000),
    { do: 'edit', jwt: a, edit: { keyId: 'kid-2' } },
    { do: 'wipe status', jwt: a },
    wait(3),
    { do: 'vandalise', jwt: a, how: 'name of another JWT' },
    { do: 'api-health', health: 'lossy', relist: false },
    wait(3_600_000),
    { do: 'jump', ms: -3_600_000 },
  ],
  'a token that somebody put back counted as a renewal that was late': [
    wait(5_000),
    { do: 'edit', jwt: a, edit: { lifetime: 60 } },
    wait(1_200_000),
    { do: 'renew', jwt: a, value: '1' },
    wait(1_000_000),
    { do: 'vandalise', jwt: a, how: 'earlier token' },
    wait(5_000),
  ],
  'data of others would have been deleted with a JWT whose token could not be signed': [
    wait(1_000),
    { do: 'key', secret: k1, holds: undefined },
    { do: 'vandalise', jwt: a, how: 'token that expired' },
    wait(5_000),
    { do: 'vandalise', jwt: a, how: 'foreign data key' },
    wait(5_000),
  ],
  'a policy that keeps the owners of Secrets ended the renewals of a Secret with data of others': [
    wait(1_000),
    { do: 'keep owners', ms: 7_200_000 },
    { do: 'vandalise', jwt: a, how: 'foreign data key' },
    wait(3_600_000),
    wait(3_600_000),
  ],
  'a Secret to be retained would have been deleted with a JWT whose token could not be signed': [
    wait(1_000),
    { do: 'key', secret: k1, holds: undefined },
    { do: 'vandalise', jwt: a, how: 'garbage' },
    { do: 'vandalise', jwt: a, how: 'strip annotations' },
    wait(5_000),
    { do: 'edit', jwt: a, edit: { policy: 'Retain' } },
    wait(5_000),
  ],
  'a restart forgot that another client changes a Secret again and again, and removed the condition': [
    { do: 'refuse', call: { verb: 'apply', what: 'secret' }, answer: { status: 409 }, ms: 40_000 },
    wait(90_000),
  ],
  'a status that was refused beside a write of the Secret waited as long as that write': [
    apiHealth('status-refused'),
    wait(1_000),
    { do: 'vandalise', jwt: a, how: 'make immutable' },
    { do: 'edit', jwt: a, edit: { keyId: 'kid-2' } },
    wait(1_000),
  ],
  'the model kept a Secret of token-manager among those with our label once it was patched': [
    wait(90_000),
    { do: 'vandalise', jwt: a, how: 'go back to token-manager' },
    wait(10),
    { do: 'delete', jwt: a, how: 'orphan', recreate: true },
  ],
  'the model let a round of an earlier term write in a later one': [
    wait(36_000),
    { do: 'key', secret: k1, holds: 'third' },
    wait(0),
    { do: 'lead', replica: 1, zombieMs: 0 },
    { do: 'suspend', replica: 1, what: 'process', ms: 40_000 },
    { do: 'lead', replica: 0, zombieMs: 20 },
    wait(5_000),
    { do: 'edit', jwt: a, edit: { key: k2 } },
    wait(5),
    { do: 'lead', replica: 1, zombieMs: 0 },
    wait(1_000),
  ],
  'a token in a Secret of another owner was recorded as signed with the key, if it was in memory': [
    wait(90_000),
    { do: 'vandalise', jwt: a, how: 'strip annotations' },
    { do: 'delete', jwt: a, how: 'orphan', recreate: true },
  ],
  'a status that came late, during a round that had nothing to write, stayed': [
    wait(1_000),
    { do: 'key', secret: k1, holds: 'broken' },
    wait(50),
    apiHealth('lossy'),
    { do: 'label', jwt: a, name: 'team', value: 'x' },
    wait(31_000),
  ],
  'others were said to change a Secret whose JWT was edited again and again': [
    wait(1_000),
    { do: 'repeat', jwt: a, what: 'edit', times: 12 },
    { do: 'repeat', jwt: a, what: 'renew', times: 7 },
    wait(3_600_000),
  ],
  'a valid token in a Secret without our label was denied, and forgotten, once it could not be read': [
    wait(5_000),
    { do: 'refuse', call: { verb: 'get', what: 'secret' }, answer: { status: 503 }, ms: 40_000 },
    { do: 'vandalise', jwt: a, how: 'strip labels' },
    wait(31_000),
  ],
  'others were said to change a Secret whose JWT was edited whenever a write had been held back': [
    wait(1_000),
    { do: 'repeat', jwt: a, what: 'edit', times: 12 },
    ...again(7, [wait(31_000), { do: 'repeat', jwt: a, what: 'edit', times: 4 }]),
    wait(3_600_000),
  ],
  'the author of a JWT was said to change it when its Secret was deleted whenever a write had been held back':
    [
      wait(1_000),
      { do: 'repeat', jwt: a, what: 'delete', times: 12 },
      ...again(7, [wait(31_000), { do: 'repeat', jwt: a, what: 'delete', times: 4 }]),
      wait(3_600_000),
    ],
  'a renewal counted as late if an earlier token was put back while no status could be written': [
    apiHealth('status-refused'),
    wait(3_600_000),
    { do: 'vandalise', jwt: a, how: 'earlier token' },
    wait(1_000),
  ],
};

/** Each with several seeds, as losses and delays are random. */
export const REPLAYS: Readonly<Record<string, readonly Schedule[]>> = Object.fromEntries(
  Object.entries(STEPS).map(([name, steps]) => [
    name,
    Array.from({ length: 8 }, (_, seed) => ({ seed, steps })),
  ]),
);
