import { setTimeout as sleep } from 'node:timers/promises';
import type { BareClient } from './bare-client.ts';
import { createMany } from './many-jwts.ts';
import type { MeasuredService } from './measured-service.ts';

/** JWTs of one and two minutes, as in the row `lateness`. */
export const SHORT = 500;

type Nudges = Readonly<Record<string, number>>;

/** All of `/metrics`. */
export async function readMetrics(service: MeasuredService): Promise<string> {
  return (await fetch(`http://127.0.0.1:${service.httpPort}/metrics`)).text();
}

/** How many nudges had which result. */
export function readNudges(metrics: string): Nudges {
  const lines = metrics.matchAll(/^jwt_injector_delivery_nudges_total\{result="(\w+)"\} (\d+)$/gm);
  return Object.fromEntries([...lines].map(([, result, count]) => [result, Number(count)]));
}

/** Short-lived JWTs, each renewed about every minute; how long after its planned moment each renewal came. */
export async function renewOften(
  service: MeasuredService,
  bare: BareClient,
  namespace: string,
  seconds: number,
) {
  const spec = (index: number) => ({ expiryTime: { minutes: 1 + (index % 2) }, resignBefore: undefined });
  await createMany(bare, { namespaces: [namespace], count: SHORT, spec });
  await sleep(seconds * 1_000);
  const metrics = await readMetrics(service);
  const bucket = (le: string): number =>
    Number(
      new RegExp(`^jwt_injector_renewal_lateness_seconds_bucket\\{le="${le}"\\} (\\d+)`, 'm').exec(
        metrics,
      )?.[1],
    );
  return {
    total: bucket('\\+Inf'),
    inTime: bucket('1'),
    in100: bucket('0.1'),
    nudges: readNudges(metrics),
  };
}

type Lateness = Pick<Awaited<ReturnType<typeof renewOften>>, 'total' | 'inTime'>;

/** Of the renewals, within a second. */
export function shareOf({ total, inTime }: Lateness): number {
  return inTime / total;
}

/** As a percentage. */
export function formatShare(late: Lateness): string {
  return `${(shareOf(late) * 100).toFixed(2)} %`;
}
