import { join } from 'node:path';
import type { Stage } from '../controlplane/stage.ts';
import { openBareClient } from './bare-client.ts';
import { WIDTH } from './many-jwts.ts';
import { startMeasured } from './measured-service.ts';
import type { Row } from './report.ts';
import { formatLateness, keptFresh, minRenewals, renewOften, shareOf, SHORT } from './short-jwts.ts';

/** Renewals of 500 short-lived JWTs: how long after its planned time each was done. */
export async function measureLateness(stage: Stage, seconds: number): Promise<Row> {
  const { cluster } = stage;
  const bare = await openBareClient(cluster.adminKubeconfig, WIDTH);
  const service = await startMeasured({
    args: ['--no-webhook', ...stage.serviceArgs],
    logFile: join(cluster.folder, 'lateness.log'),
    cluster,
  });
  const late = await renewOften(service, bare, 'short', seconds);
  await service.stop();
  bare.close();
  return {
    what: `lateness of ${late.total} renewals of ${SHORT} JWTs of 1–2 min, ${seconds} s`,
    ours: `${formatLateness(late)}; ${((late.in100 / late.total) * 100).toFixed(2)} % within 0.1 s`,
    peer: '–',
    goal: `p99 ≤ 1 s, ≥ ${minRenewals(seconds)} renewals, all tokens valid`,
    holds: shareOf(late) >= 0.99 && keptFresh(late, seconds),
    data: { ...late },
  };
}
