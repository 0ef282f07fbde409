import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Stage } from '../controlplane/stage.ts';
import { openBareClient, type BareClient } from './bare-client.ts';
import { createMany, WIDTH } from './many-jwts.ts';
import { startMeasured, type MeasuredService } from './measured-service.ts';
import { formatMs, type Row } from './report.ts';

export interface SteadyBench {
  readonly stage: Stage;
  readonly count: number;
  /** How long nothing happens; 300 s by default. */
  readonly quietSeconds: number;
}

const NAMESPACES = Array.from({ length: 100 }, (_, index) => `group-${index}`);
const WITHIN_MS = 600_000;
const OURS = 'tokens.osg-htc.org/managed=true';
const OTHERS = 'tokens.osg-htc.org/managed!=true';

/** Many healthy JWTs: what they cost while nothing is due, and what a restart costs. */
export async function measureSteady({ stage, count, quietSeconds }: SteadyBench): Promise<readonly Row[]> {
  const { cluster } = stage;
  const bare = await openBareClient(cluster.adminKubeconfig, WIDTH);
  const start = (log: string): Promise<MeasuredService> =>
    startMeasured({
      args: ['--no-webhook', ...stage.serviceArgs],
      logFile: join(cluster.folder, log),
      cluster,
    });

  const idle = await start('idle.log');
  await idle.waitForLog(({ msg }) => msg === 'every JWT was looked at', WITHIN_MS);
  await sleep(30_000);
  const idleMiB = idle.residentMiB();
  await idle.stop();

  await createMany(bare, { namespaces: NAMESPACES, count });
  const first = await start('first.log');
  await first.waitForLog(({ msg }) => msg === 'every JWT was looked at', WITHIN_MS);
  await first.stop();

  const gotBefore = (await countRequests(bare)).secretsGot;
  const versionBefore = await latestVersion(bare);
  const restartedAt = performance.now();
  const service = await start('restarted.log');
  await service.waitForLog(({ msg }) => msg === 'every JWT was looked at', WITHIN_MS);
  const evaluatedMs = performance.now() - restartedAt;
  const signed = service.logLines().filter(({ msg }) => msg === 'signed').length;
  const writes = (await latestVersion(bare)) - versionBefore;
  const keysRead = (await countRequests(bare)).secretsGot - gotBefore;
  const listsMs = await listBare(bare);
  await sleep(20_000); // collection of what the start left behind

  const [requests, cpu] = [await countRequests(bare), service.cpuSeconds()];
  await sleep(quietSeconds * 1_000);
  const perSecond = ((await countRequests(bare)).total - requests.total) / quietSeconds;
  const reads = (await countRequests(bare)).reads - requests.reads;
  const share = (service.cpuSeconds() - cpu) / quietSeconds;
  const residentMiB = service.residentMiB();
  await service.stop();
  bare.close();
  return [
    {
      what: `restart with ${count} healthy JWTs in 100 namespaces`,
      ours: `${formatMs(evaluatedMs)}, ${signed} signed, ${writes} writes, ${keysRead} keys read`,
      peer: `two paged lists ${formatMs(listsMs)}`,
      ratio: evaluatedMs / listsMs,
      goal: '≤ 2 ×, 0 writes except for the Lease, 0 keys read',
      holds: evaluatedMs <= 2 * listsMs && signed === 0 && writes <= 10 && keysRead === 0,
      data: { evaluatedMs, listsMs, signed, writes, keysRead },
    },
    {
      what: `${count} JWTs, nothing due, ${quietSeconds} s`,
      ours: `${perSecond.toFixed(2)} requests/s, ${reads} GET or LIST, ${(share * 100).toFixed(2)} % of a core, ${residentMiB.toFixed(0)} MiB`,
      peer: `idle service ${idleMiB.toFixed(0)} MiB`,
      goal: 'no GET or LIST, < 1 request/s, ≤ 0.3 % of a core, ≤ idle + 40 MiB',
      holds: perSecond < 1 && reads === 0 && share <= 0.003 && residentMiB <= idleMiB + 40,
      data: { perSecond, reads, share, residentMiB, idleMiB },
    },
  ];
}

interface Counts {
  readonly total: number;
  /** GET and LIST of JWTs and Secrets, by anybody. */
  readonly reads: number;
  /** GET of a single Secret, which is how a private key is read. */
  readonly secretsGot: number;
}

/** Requests of ServiceAccounts outside kube-system, as the API server counts them: here that is the service alone. */
export async function countRequests(bare: BareClient): Promise<Counts> {
  const text = await bare.send('GET', '/metrics');
  const sum = (pattern: RegExp): number =>
    [...text.matchAll(pattern)].reduce((total, [, value]) => total + Number(value), 0);
  const ofFlow =
    /^apiserver_flowcontrol_dispatched_requests_total\{flow_schema="service-accounts"[^}]*\} (\S+)$/gm;
  const reads =
    /^apiserver_request_total\{[^}]*resource="(?:jwts|secrets)"[^}]*verb="(?:GET|LIST)"[^}]*\} (\S+)$/gm;
  const ofSecrets = /^apiserver_request_total\{[^}]*resource="secrets"[^}]*verb="GET"[^}]*\} (\S+)$/gm;
  return { total: sum(ofFlow), reads: sum(reads), secretsGot: sum(ofSecrets) };
}

/** Every write in the cluster raises it by one. */
async function latestVersion(bare: BareClient): Promise<number> {
  const list = JSON.parse(await bare.send('GET', '/api/v1/namespaces/group-0/secrets?limit=1'));
  return Number(list.metadata.resourceVersion);
}

/** The lists that a start takes, page by page and parsed, by nobody in particular. Milliseconds. */
export async function listBare(bare: BareClient): Promise<number> {
  const startedAt = performance.now();
  const secrets = '/api/v1/secrets?labelSelector=';
  for (const path of ['/apis/tokens.osg-htc.org/v1/jwts?', `${secrets}${OURS}&`, `${secrets}${OTHERS}&`]) {
    let next = '';
    do {
      const page = JSON.parse(
        await bare.send('GET', `${path}limit=500&continue=${encodeURIComponent(next)}`),
      );
      next = page.metadata.continue ?? '';
    } while (next !== '');
  }
  return performance.now() - startedAt;
}
