import { startService } from '../controlplane/service.ts';
import { createCertificateAuthority } from '../controlplane/certificates.ts';
import type { ControlPlane } from '../controlplane/control-plane.ts';
import { startStage, type Stage } from '../controlplane/stage.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { openApi, pathOf, type Api } from './api.ts';
import { Canaries } from './canaries.ts';
import { beginExcuse, type Excuse } from './case-file.ts';
import { startObserver, type Observer } from './observer.ts';
import { followOutput, startPlayer, stopAll, type Player } from './player.ts';
import { startPulse, type Pulse } from './pulse.ts';
import type { Seen } from './proxy.ts';
import { openReviewer, type Reply } from './reviewer.ts';

/** Times of leader election, in milliseconds. */
export interface LeaseTimes {
  readonly duration: number;
  readonly renewDeadline: number;
  readonly retryPeriod: number;
}

/** The shipped times, and a third of them for the short form. */
const SHIPPED: LeaseTimes = { duration: 15_000, renewDeadline: 10_000, retryPeriod: 2_000 };
const QUICK: LeaseTimes = { duration: 5_000, renewDeadline: 4_000, retryPeriod: 1_000 };

export interface StartPlayer {
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** The arena is shared by all faults: a control plane, the processes of the service, and the observer. */
export interface Arena {
  readonly cluster: ControlPlane;
  readonly api: Api;
  readonly observer: Observer;
  readonly canaries: Canaries;
  readonly lease: LeaseTimes;
  /** How long to wait (ms) for an effect that should be immediate. */
  readonly patienceMs: number;
  /** resourceVersions of the objects that the test suite stored. */
  readonly foreign: ReadonlySet<string>;
  readonly ours: ReadonlySet<string>;
  /** The process with the webhook, which leads when a fault begins. */
  main(): Player;
  /** Starts the process with the webhook again, after the one before has ended. */
  startMain(options?: StartPlayer): Promise<Player>;
  /** Starts one more process, without webhook. */
  startStandby(options?: StartPlayer): Promise<Player>;
  /** Sends a review of a pod to the main process, past the API server, and as it would. */
  sendReview(review: string, signal: AbortSignal): Promise<Reply>;
  /** Times in which no process could sign, for the judge. */
  readonly excuses: readonly Excuse[];
  /** Shows when the service could write. */
  readonly pulse: Pick<Pulse, 'pauses' | 'stalls'>;
  /** Signing is impossible from now on, until the returned function is called: tokens may expire. */
  excuse(): () => void;
  /**
   * Times in which a proxy keeps the service from writing, which the pulse does not see, as it goes past the proxies. Renewals may
   * be late then, but no token may expire. A fault adds them.
   */
  readonly hindrances: Excuse[];
  /** Returns a function that gives the output of all processes since this call. */
  followOutput(): () => string;
  /** All processes of the service so far, in the order of their starts. */
  players(): readonly Player[];
  /** The output of each process, in the order of their starts. */
  outputs(): readonly string[];
  /** The writes of each process, in the order of their starts. */
  writes(): readonly (readonly Seen[])[];
  /**
   * Restores the state in which a fault begins: the API server answers, and the main process is the only one,
   * and leads. Afterwards throws if a process of the service ended by itself, or with an error.
   */
  settle(): Promise<void>;
  stop(): Promise<void>;
}

const ANSWERS_WITHIN_MS = 60_000;
const PATIENCE_MS = 10_000; // one second is promised; the machine can be busy

export interface ArenaOptions {
  /** Faster leader election. */
  readonly short: boolean;
  /** Opens another stage than the default, which is on a control plane of its own. */
  readonly openStage?: () => Promise<Stage>;
}

/** Throws if the service does not become leader; then nothing of the arena is left. */
export async function openArena({ short, openStage = startStage }: ArenaOptions): Promise<Arena> {
  await using opened = new AsyncDisposableStack();
  const foreign = new Set<string>();
  const ours = new Set<string>();
  const canaries = new Canaries();
  const lease = short ? QUICK : SHIPPED;
  const leaseArgs = [
    `--lease-duration=${lease.duration}ms`,
    `--renew-deadline=${lease.renewDeadline}ms`,
    `--retry-period=${lease.retryPeriod}ms`,
  ];
  const stage = await openStage();
  opened.defer(() => stage.stop());
  const { cluster } = stage;
  await stage.service().stop();
  const authority = await createCertificateAuthority('proxies of the fault suite');
  const api = await openApi(cluster, (object) => {
    const version = object?.metadata?.resourceVersion;
    if (typeof version === 'string') foreign.add(version);
  });
  opened.defer(() => api.close());
  const observer = startObserver(api);
  opened.defer(() => observer.stop());
  const reviewer = openReviewer(cluster, () => getMain().service.webhookPort);
  opened.defer(() => reviewer.close());
  const players: Player[] = [];
  opened.defer(() => stopAll(players)); // also processes that ended by themselves: their proxies still listen
  let main: Player | undefined;
  const excuses: Excuse[] = [];
  const reported = new Set<Player>();
  const start = async (launch: Parameters<typeof startPlayer>[0]['launch']): Promise<Player> => {
    const onStored = (version: string): void => void ours.add(version);
    const player = await startPlayer({ cluster, authority, onStored, launch, number: players.length });
    players.push(player);
    return player;
  };
  const startMain: Arena['startMain'] = async ({ args = [], env = {} } = {}) => {
    main = await start((own) => stage.startService({ args: [...own, ...leaseArgs, ...args], env }));
    return main;
  };
  const getMain = (): Player => {
    if (main === undefined) throw new Error('no service was started');
    return main;
  };
  const settle = async (): Promise<void> => {
    await waitUntil('the API server to answer', ANSWERS_WITHIN_MS, () =>
      api.list('/api/v1/namespaces').then(
        () => true,
        () => false,
      ),
    );
    const crashed = players.filter((player) => player.hasCrashed() && !reported.has(player));
    for (const player of crashed) reported.add(player);
    const stopping = stopAll(players.filter((player) => player !== main && !player.hasEnded()));
    const [stopped] = await Promise.allSettled([stopping]);
    if (main === undefined || main.hasEnded()) await startMain();
    await getMain().waitUntilLeading();
    if (stopped.status === 'rejected') throw stopped.reason;
    if (crashed.length > 0) throw new Error(`${crashed.length} processes of the service ended unasked`);
  };
  await settle();
  const pulse = startPulse({
    write: await prepareBeat(api),
    isLed: () => players.some((player) => player.isLeading() && !player.wasAway(Date.now())),
  });
  opened.defer(() => pulse.stop());
  const running = opened.move();
  return {
    cluster,
    api,
    observer,
    canaries,
    lease,
    patienceMs: PATIENCE_MS,
    foreign,
    ours,
    main: getMain,
    startMain,
    startStandby: ({ args = [], env = {} } = {}) =>
      start((own) => startService(cluster, { args: ['--no-webhook', ...own, ...leaseArgs, ...args], env })),
    sendReview: (review, signal) => reviewer.sendReview(review, signal),
    excuses,
    pulse,
    excuse: () => beginExcuse(excuses),
    hindrances: [],
    followOutput: () => followOutput(players),
    outputs: () => players.map(({ service }) => service.output()),
    players: () => players,
    writes: () => players.map((player) => player.writes()),
    settle,
    stop: () => running.disposeAsync(),
  };
}

/** Creates what the pulse writes: a ConfigMap, which the service does not look at. */
async function prepareBeat(api: Api): Promise<() => Promise<unknown>> {
  const [namespace, name] = ['pulse', 'beat'];
  await api.create('/api/v1/namespaces', { metadata: { name: namespace } });
  await api.create(pathOf('configmaps', namespace), { metadata: { name } });
  let beats = 0;
  return () => api.merge(pathOf('configmaps', namespace, name), { data: { beats: `${(beats += 1)}` } });
}
