import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openAudit } from '../controlplane/audit.ts';
import type { Stage } from '../controlplane/stage.ts';
import { countReads, countRequests, requestsBetween } from './api-requests.ts';
import { openBareClient, type BareClient } from './bare-client.ts';
import { isSigned } from './log-lines.ts';
import { createMany, WIDTH } from './many-jwts.ts';
import { startMeasured, type MeasuredService } from './measured-service.ts';
import { changeSomething, settle } from './scaled-service.ts';
import { readMetrics } from './short-jwts.ts';
import type { Row } from './report.ts';
import { describeRestart, type RestartRun } from './restart-row.ts';

export interface SteadyBench {
  readonly stage: Stage;
  readonly count: number;
  /** How long nothing happens, in seconds; default: 300. */
  readonly quietSeconds: number;
  /** How many restarts, each before or after the bare client. */
  readonly runs: number;
}

const NAMESPACES = Array.from({ length: 100 }, (_, index) => `group-${index}`);
/** A standby lists, waits half a minute, and checks 2,000 signatures in a second. */
const STANDBY_WARM_MS = 60_000;
/** Goals for a quiet time, as shares of a core. A standby does not even renew the Lease. */
const LEADER_SHARE = 0.003;
const STANDBY_SHARE = LEADER_SHARE / 2;
/** A factor: garbage that is not collected yet differs from process to process. */
const STANDBY_MEMORY = 1.1;
/** What a start would write in error, it writes within this time. */
const AFTERMATH_MS = 10_000;
const OURS = 'tokens.osg-htc.org/managed=true';
const OTHERS = 'tokens.osg-htc.org/managed!=true';

/**
 * Many healthy JWTs: their cost while nothing is due, for a leader and a standby, and the cost of a restart.
 */
export async function measureSteady({
  stage,
  count,
  quietSeconds,
  runs,
}: SteadyBench): Promise<readonly Row[]> {
  const { cluster } = stage;
  const bare = await openBareClient(cluster.adminKubeconfig, WIDTH);
  const start = (log: string): Promise<MeasuredService> =>
    startMeasured({
      args: ['--no-webhook', ...stage.serviceArgs],
      logFile: join(cluster.folder, log),
      cluster,
    });

  const idle = await start('idle.log');
  await settle(idle, 0);
  await sleep(30_000);
  const idleMiB = idle.residentMiB();
  await idle.stop();

  const listAfterChange = async (): Promise<number> => {
    await changeSomething(bare, NAMESPACES[0]);
    return listBare(bare);
  };
  /** One more run: in every second one the bare client is first. The service goes on running. */
  const restart = async (done: RestartRun[]): Promise<MeasuredService> => {
    const isFirst = done.length % 2 === 0;
    const listsBeforeMs = isFirst ? 0 : await listAfterChange();
    await changeSomething(bare, NAMESPACES[0]);
    const before = await countRequests(bare);
    const restarted = await start(`restarted-${done.length}.log`);
    await settle(restarted, count);
    const evaluatedMs = performance.now() - restarted.startedAt;
    await sleep(AFTERMATH_MS);
    const signed = restarted.logLines().filter((line) => isSigned(line)).length;
    const after = await countRequests(bare);
    const listsMs = isFirst ? await listAfterChange() : listsBeforeMs;
    done.push({ evaluatedMs, listsMs, signed, before, after });
    return restarted;
  };

  await createMany(bare, { namespaces: NAMESPACES, count });
  const first = await start('first.log');
  await settle(first, count);
  await first.stop();

  const restarts: RestartRun[] = [];
  let service = await restart(restarts);
  while (restarts.length < runs) {
    await service.stop();
    service = await restart(restarts);
  }
  const standby = await start('standby.log');
  await sleep(STANDBY_WARM_MS);

  const audit = await openAudit(cluster);
  const begin = await countRequests(bare);
  const cpu = { leader: service.cpuSeconds(), standby: standby.cpuSeconds() };
  await sleep(quietSeconds * 1_000);
  const { total } = requestsBetween(begin, await countRequests(bare));
  const reads = countReads(await audit.events());
  const perSecond = total / quietSeconds;
  const share = (service.cpuSeconds() - cpu.leader) / quietSeconds;
  const residentMiB = service.residentMiB();
  const standbyShare = (standby.cpuSeconds() - cpu.standby) / quietSeconds;
  const standbyMiB = standby.residentMiB();
  const standsBy = /^jwt_injector_leader 0$/m.test(await readMetrics(standby));
  await standby.stop();
  await service.stop();
  bare.close();
  return [
    describeRestart({ jwts: count, namespaces: NAMESPACES.length, runs: restarts }, 2),
    {
      what: `${count} JWTs, nothing due, ${quietSeconds} s`,
      ours: `${perSecond.toFixed(2)} requests/s with those of a standby, ${reads ?? 'unknown'} GET or LIST, ${formatShare(share)}, ${residentMiB.toFixed(0)} MiB`,
      peer: `idle service ${idleMiB.toFixed(0)} MiB`,
      goal: 'no GET or LIST, < 1 request/s, ≤ 0.3 % of a core, ≤ idle + 40 MiB',
      holds: perSecond < 1 && reads === 0 && share <= LEADER_SHARE && residentMiB <= idleMiB + 40,
      data: { perSecond, reads, share, residentMiB, idleMiB },
    },
    {
      what: `a standby beside ${count} JWTs, nothing due, ${quietSeconds} s`,
      ours: `${formatShare(standbyShare)}, ${standbyMiB.toFixed(0)} MiB${standsBy ? '' : ', but it leads'}`,
      peer: `the leader ${formatShare(share)}, ${residentMiB.toFixed(0)} MiB`,
      goal: `≤ ${formatShare(STANDBY_SHARE)}, ≤ ${STANDBY_MEMORY} × the leader's memory`,
      holds: standsBy && standbyShare <= STANDBY_SHARE && standbyMiB <= STANDBY_MEMORY * residentMiB,
      data: { standbyShare, standbyMiB, standsBy },
    },
  ];
}

function formatShare(share: number): string {
  return `${(share * 100).toFixed(2)} % of a core`;
}

/** Fetches the lists of a start, page by page and parsed, without the service. Milliseconds. */
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
