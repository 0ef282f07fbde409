import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { CertificateAuthority } from '../controlplane/certificates.ts';
import type { ControlPlane } from '../controlplane/control-plane.ts';
import { writeKubeconfig } from '../controlplane/kubeconfig.ts';
import type { Service } from '../controlplane/service.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import type { Loose } from '../integration/objects.ts';
import { beginExcuse, type Excuse } from './case-file.ts';
import { startProxy, type Proxy, type Seen } from './proxy.ts';

/** A player: one process of the service, with the proxy between it and the API server. */
export interface Player {
  readonly service: Service;
  readonly proxy: Proxy;
  /** As the process itself reports it. */
  isLeading(): boolean;
  /** How often it lost the leadership so far. */
  countTermsLost(): number;
  /** The time at which it last became leader, in milliseconds since the epoch; waits for that. */
  waitUntilLeading(withinMs?: number): Promise<number>;
  /**
   * Its writes of Secrets and JWTs so far, without those of the Lease and of Events, whatever their results.
   */
  writes(): readonly Seen[];
  /** The text of `/metrics`. Throws if it does not come. */
  metrics(): Promise<string>;
  /**
   * Whether the suite kept it from answering since `from` (milliseconds since the epoch): it was suspended, or
   * had to end.
   */
  wasAway(from: number): boolean;
  hasEnded(): boolean;
  /** Whether it ended without a call of `kill` or `stop`. */
  hasCrashed(): boolean;
  /** Sends SIGKILL; resolves when the process has ended. */
  kill(): Promise<void>;
  /**
   * Sends SIGTERM, after SIGCONT. Throws, after the process has ended, if it had to be killed or its exit
   * code was not 0.
   */
  stop(): Promise<void>;
}

export interface PlayerDependencies {
  readonly cluster: ControlPlane;
  readonly authority: CertificateAuthority;
  readonly onStored: (resourceVersion: string) => void;
  /** Starts the process with these flags. */
  readonly launch: (args: readonly string[]) => Promise<Service>;
  /** Unique; part of the name of its kubeconfig. */
  readonly number: number;
}

/** The grace period of the shipped Deployment. */
const GRACE_MS = 30_000;
const METRICS_WITHIN_MS = 10_000;
const LEADS_WITHIN_MS = 45_000; // a dead leader's lease, and a margin

/** Starts proxy and service; resolves when the service is ready, as leader or not. */
export async function startPlayer(dependencies: PlayerDependencies): Promise<Player> {
  const { cluster, authority, onStored, launch, number } = dependencies;
  const proxy = await startProxy(cluster, authority, onStored);
  try {
    const kubeconfig = join(cluster.folder, `player-${number}.kubeconfig`);
    await writeKubeconfig(kubeconfig, {
      url: proxy.url,
      ca: authority.certificate,
      user: 'jwt-injector',
      token: await readToken(cluster),
      namespace: 'jwt-injector',
    });
    return play(await launch([`--kubeconfig=${kubeconfig}`]), proxy);
  } catch (error) {
    await proxy.close();
    throw error;
  }
}

async function readToken(cluster: ControlPlane): Promise<string> {
  const file = await cluster.serviceAccountKubeconfig('jwt-injector', 'jwt-injector');
  const kubeconfig: Loose = parse(await readFile(file, 'utf8'));
  return kubeconfig.users[0].user.token;
}

function play(launched: Service, proxy: Proxy): Player {
  let ended = false;
  let isAsked = false;
  const absences: Excuse[] = [];
  let wake = (): void => undefined;
  const service: Service = {
    ...launched,
    kill: (signal) => {
      if (signal === 'SIGSTOP') wake = beginExcuse(absences);
      launched.kill(signal);
      if (signal === 'SIGCONT') wake();
    },
  };
  const ask = (): void => {
    isAsked = true;
    beginExcuse(absences);
  };
  const end = async (): Promise<void> => {
    await service.exited;
    ended = true;
  };
  void end();
  const lastWord = () =>
    service.logLines().findLast(({ msg }) => /^(leading:|leadership lost:|stopping$)/.test(String(msg)));
  const isLeading = (): boolean => !ended && String(lastWord()?.['msg']).startsWith('leading:');
  return {
    service,
    proxy,
    isLeading,
    countTermsLost: () =>
      service.logLines().filter(({ msg }) => String(msg).startsWith('leadership lost:')).length,
    waitUntilLeading: async (withinMs = LEADS_WITHIN_MS) => {
      await waitUntil('a service to lead', withinMs, isLeading);
      return Date.parse(String(lastWord()?.['time']));
    },
    writes: () => proxy.log.filter(isWrite),
    metrics: async () => {
      const signal = AbortSignal.timeout(METRICS_WITHIN_MS);
      const answer = await fetch(`http://127.0.0.1:${service.httpPort}/metrics`, { signal });
      if (!answer.ok) throw new Error(`/metrics was answered ${answer.status}`);
      return answer.text();
    },
    wasAway: (from) => absences.some(({ until }) => until >= from),
    hasEnded: () => ended,
    hasCrashed: () => ended && !isAsked,
    kill: async () => {
      ask();
      service.kill('SIGKILL');
      await service.exited;
      await proxy.close();
    },
    stop: async () => {
      const wasThere = !ended;
      ask();
      const problem = wasThere ? await endInTime(service) : undefined;
      await proxy.close();
      if (problem !== undefined) throw new Error(`a process of the service ${problem}`);
    },
  };
}

/** Sends SIGTERM, and SIGKILL after the grace period; describes what was wrong with the end. */
async function endInTime(service: Service): Promise<string | undefined> {
  service.kill('SIGCONT');
  const force = setTimeout(() => service.kill('SIGKILL'), GRACE_MS);
  const code = await service.stop();
  clearTimeout(force);
  if (code === 0) return undefined;
  return code === null
    ? `was killed by a signal, of SIGTERM it has ${GRACE_MS / 1_000} s to end`
    : `ended with exit code ${code} after SIGTERM`;
}

/** Stops all players; throws the first problem afterwards. */
export async function stopAll(players: readonly Player[]): Promise<void> {
  const results = await Promise.allSettled(players.map((player) => player.stop()));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

/** Returns a function that gives their output since this call, including players that are started later. */
export function followOutput(players: readonly Pick<Player, 'service'>[]): () => string {
  const from = players.map(({ service }) => service.output().length);
  return () => players.map(({ service }, index) => service.output().slice(from[index] ?? 0)).join('\n');
}

function isWrite({ method, path }: Seen): boolean {
  return method !== 'GET' && (path.includes('/secrets') || path.includes('/jwts/'));
}
