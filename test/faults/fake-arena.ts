import type { Loose } from '../integration/objects.ts';
import type { Arena } from './arena.ts';
import { beginExcuse, type Excuse } from './case-file.ts';
import { Canaries } from './canaries.ts';
import { makeFakeCluster } from './fake-cluster.ts';
import { startFakeService, type Character } from './fake-service.ts';
import { answerReview } from './fake-webhook.ts';
import { startObserver } from './observer.ts';
import { followOutput, type Player } from './player.ts';

/** Long enough for a fake service on a machine that is busy with other tests. */
const PATIENCE_MS = 30_000;
/** For a test that waits in vain on purpose. */
export const IMPATIENT = { patienceMs: 2_000 } as const;

/** An arena for tests of the suite: a fake cluster and service, with the suite's real observer. */
export interface FakeArena extends Arena, AsyncDisposable {
  /** Makes the service print this. */
  print(text: string): void;
  /** Nothing could be written from then on, until now. */
  pauseSince(from: number): void;
  /** See `FakeCluster`. */
  delayWatches(lagMs: number): void;
}

/** For members that no test of the suite uses. */
const NOT_THERE: Loose = undefined;

/** A process that does nothing: all writes are those of the fake service. */
function makeFakePlayer(does: Partial<Player> | undefined, output: () => string): Player {
  const service: Loose = { output, logLines: () => [], kill: () => undefined, httpPort: 0 };
  const [met, rule] = [() => 0, () => () => 0];
  const harms = { treat: rule, rewrite: rule, freezeConnections: met, silenceWatches: met, cutWatches: met };
  const proxy: Loose = { log: [], ...harms };
  return {
    service,
    proxy,
    isLeading: () => true,
    countTermsLost: () => 0,
    waitUntilLeading: async () => Date.now(),
    writes: () => [],
    metrics: async () => '',
    wasAway: () => false,
    hasEnded: () => false,
    hasCrashed: () => false,
    kill: async () => undefined,
    stop: async () => undefined,
    ...does,
  };
}

/**
 * @param character what the service does right and wrong. @param players how its processes react; by default
 * they do nothing, as if their requests did not pass the proxy.
 */
export function openFakeArena(
  character: Character = {},
  players: { readonly main?: Partial<Player>; readonly standby?: Partial<Player> } = {},
  { patienceMs = PATIENCE_MS }: { readonly patienceMs?: number } = {},
): FakeArena {
  const [foreign, ours] = [new Set<string>(), new Set<string>()];
  const excuses: Excuse[] = [];
  const pauses: Excuse[] = [];
  let output = '';
  const cluster = makeFakeCluster();
  const connect = (stored: Set<string>) =>
    cluster.connect(({ metadata }) => void stored.add(metadata.resourceVersion));
  const api = connect(foreign);
  startFakeService(cluster, connect(ours), character);
  const observer = startObserver(api);
  const mainPlayer = makeFakePlayer(players.main, () => output);
  const standbyPlayer = makeFakePlayer(players.standby, () => '');
  return {
    cluster: NOT_THERE,
    api,
    observer,
    canaries: new Canaries(),
    lease: { duration: 300, renewDeadline: 200, retryPeriod: 100 },
    patienceMs,
    foreign,
    ours,
    main: () => mainPlayer,
    startMain: async () => mainPlayer,
    startStandby: async () => standbyPlayer,
    sendReview: async (review) => answerReview(review),
    excuses,
    pulse: { pauses: () => pauses, stalls: () => pauses },
    excuse: () => beginExcuse(excuses),
    hindrances: [],
    followOutput: () => followOutput([mainPlayer, standbyPlayer]),
    outputs: () => [output],
    players: () => [mainPlayer, standbyPlayer],
    writes: () => [mainPlayer.writes(), standbyPlayer.writes()],
    settle: async () => undefined,
    stop: () => observer.stop(),
    delayWatches: (lagMs) => cluster.delayWatches(lagMs),
    pauseSince: (from) => void pauses.push({ from, until: Date.now() }),
    print: (text) => void (output += `${text}\n`),
    [Symbol.asyncDispose]: () => observer.stop(),
  };
}
