import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Stage } from '../controlplane/stage.ts';
import { openBareClient } from './bare-client.ts';
import { createMany, WIDTH } from './many-jwts.ts';
import { startMeasured } from './measured-service.ts';
import type { Row } from './report.ts';

/** Renewals of 500 short-lived JWTs: how long after its planned moment each came. */
export async function measureLateness(stage: Stage, seconds: number): Promise<Row> {
  const { cluster } = stage;
  const bare = await openBareClient(cluster.adminKubeconfig, WIDTH);
  const spec = (index: number) => ({ expiryTime: { minutes: 1 + (index % 2) }, resignBefore: undefined });
  await createMany(bare, { namespaces: ['short'], count: 500, spec });
  const service = await startMeasured({
    args: ['--no-webhook', '--namespaces=short', ...stage.serviceArgs],
    logFile: join(cluster.folder, 'lateness.log'),
    cluster,
  });
  await sleep(seconds * 1_000);
  const metrics = await (await fetch(`http://127.0.0.1:${service.httpPort}/metrics`)).text();
  await service.stop();
  await bare.send('DELETE', '/api/v1/namespaces/short');
  bare.close();
  const bucket = (le: string): number =>
    Number(
      new RegExp(
        `^jwt_injector_renewal_lateness_seconds_bucket\\{le="${le.replace('+', '\\+')}"\\} (\\d+)`,
        'm',
      ).exec(metrics)?.[1],
    );
  const [total, inTime, in100] = [bucket('+Inf'), bucket('1'), bucket('0.1')];
  const share = inTime / total;
  return {
    what: `lateness of ${total} renewals of 500 JWTs of 1–2 min, ${seconds} s`,
    ours: `${(share * 100).toFixed(2)} % within 1 s, ${((in100 / total) * 100).toFixed(2)} % within 0.1 s`,
    peer: '–',
    goal: 'p99 ≤ 1 s',
    holds: share >= 0.99,
    data: { total, inTime, in100 },
  };
}
