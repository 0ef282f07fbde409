import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './fault.ts';
import type { Ground } from './ground.ts';
import { EXPIRES_AT, isInOrder, MANAGED } from './in-order.ts';
import { annotate, encode, TRIES, type Victim } from './victim.ts';
import { makeKey } from '../fixtures/keys.ts';

/** A peer: another client that changes the Secret back whenever it was corrected. */
interface Peer {
  readonly name: string;
  readonly title: string;
  readonly undo: (victim: Victim) => Promise<unknown>;
}

const LASTS_MS = 10_000;
const PAUSE_MS = 20;
/**
 * In ten seconds: five at once, then after 1.25 s, 2.5 s, 5 s; one more for the write that was being sent.
 */
const MAX_WRITES = 10;

const PEERS: readonly Peer[] = [
  {
    name: 'token',
    title: 'data.token',
    undo: ({ jwt }) => jwt.patchSecret({ data: { token: encode('what a GitOps tool thinks is right') } }),
  },
  {
    name: 'label',
    title: 'our label',
    undo: ({ jwt }) => jwt.patchSecret({ metadata: { labels: { [MANAGED]: null } } }),
  },
  {
    name: 'annotation',
    title: 'our annotation',
    undo: (victim) => annotate(victim, { [EXPIRES_AT]: '2000-01-01T00:00:00Z' }),
  },
  { name: 'secret', title: 'its absence', undo: ({ jwt }) => jwt.removeSecret() },
];

async function contend(ground: Ground, { title, undo }: Peer): Promise<void> {
  const key = makeKey('ES256');
  const jwt = await ground.sign('contended', { key });
  const victim = { ground, jwt, key };
  const mine = (): readonly string[] =>
    ground.arena
      .main()
      .writes()
      .map(({ path }) => path)
      .filter((path) => path.includes(`/namespaces/${ground.namespace}/`));
  const before = mine().length;
  const forgive = jwt.excuse();
  jwt.addCauses(MAX_WRITES + 1);
  let undone = 0;
  for (const end = Date.now() + LASTS_MS; Date.now() < end; await sleep(PAUSE_MS)) {
    if (!isInOrder(jwt)) continue;
    await undo(victim).catch(() => undefined); // the Secret can be missing for a moment
    undone += 1;
  }
  const written = mine().slice(before);
  const secrets = written.filter((path) => path.includes('/secrets/')).length;
  const statuses = written.filter((path) => path.includes('/status')).length;
  ground.note(`${undone} changes by a peer, ${secrets} writes of the Secret, ${statuses} of the status`);
  if (secrets > MAX_WRITES) ground.fail('I4', `${secrets} writes of the Secret against a peer`);
  await jwt.waitFor('the condition Contended', () => jwt.says('Contended', 'True', 'Contended'));
  // After the peer has ended, only the last wait is left, which is less than 20 s.
  await jwt.waitFor(`corrected after: ${title}`, () => isInOrder(jwt) && jwt.says('Ready', 'True'), 30_000);
  forgive();
}

export const CONTENTION: readonly Fault[] = PEERS.map((peer) => ({
  name: `peer-restores-${peer.name}`,
  title: `a peer restores ${peer.title} each time it was corrected, for ten seconds`,
  isLocal: true,
  tries: { ...TRIES, full: 1 },
  play: (ground) => contend(ground, peer),
}));
