import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import type { CertificateAuthority } from '../controlplane/certificates.ts';
import type { ControlPlane } from '../controlplane/control-plane.ts';
import { writeKubeconfig } from '../controlplane/kubeconfig.ts';
import type { Service } from '../controlplane/service.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import type { Loose } from '../integration/objects.ts';
import { startProxy, type Proxy, type Seen } from './proxy.ts';

/** One process of the service, with the proxy that it reaches the API server through. */
export interface Player {
  readonly service: Service;
  readonly proxy: Proxy;
  /** As it says itself. */
  isLeading(): boolean;
  /** How often it lost the leadership so far. */
  countTermsLost(): number;
  /** Milliseconds since the epoch, when it last began to lead; waits for that. */
  waitUntilLeading(withinMs?: number): Promise<number>;
  /** Its writes of Secrets and JWTs so far, the Lease and Events left out, whatever became of them. */
  writes(): readonly Seen[];
  hasEnded(): boolean;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
  /** SIGTERM, after SIGCONT. */
  stop(): Promise<void>;
}

export interface PlayerMeans {
  readonly cluster: ControlPlane;
  readonly authority: CertificateAuthority;
  readonly onStored: (resourceVersion: string) => void;
  /** Starts the process with these flags. */
  readonly launch: (args: readonly string[]) => Promise<Service>;
  /** Unique; names its kubeconfig. */
  readonly number: number;
}

const LEADS_WITHIN_MS = 45_000; // a dead leader's lease, and some

/** Starts proxy and service; resolves when the service is ready, leading or not. */
export async function startPlayer(means: PlayerMeans): Promise<Player> {
  const { cluster, authority, onStored, launch, number } = means;
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

function play(service: Service, proxy: Proxy): Player {
  let ended = false;
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
    hasEnded: () => ended,
    kill: async () => {
      service.kill('SIGKILL');
      await service.exited;
      await proxy.close();
    },
    stop: async () => {
      service.kill('SIGCONT');
      const forced = new AbortController();
      const force = async (): Promise<void> => {
        await sleep(30_000, undefined, { signal: forced.signal });
        service.kill('SIGKILL');
      };
      force().catch(() => undefined);
      await service.stop();
      forced.abort();
      await proxy.close();
    },
  };
}

function isWrite({ method, path }: Seen): boolean {
  return method !== 'GET' && (path.includes('/secrets') || path.includes('/jwts/'));
}
