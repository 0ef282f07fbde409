import type { Address } from '../config/values.ts';
import { ok, type Result } from '../resources/result.ts';
import { listenMany, type Port } from '../server/listen-many.ts';
import { createProbesApp, type ReadinessCheck } from '../server/probes.ts';
import type { ServiceLogger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { endAll } from './end-all.ts';
import { listenOn } from '../server/listen.ts';

/** `/livez`, `/readyz` and `/metrics`, once they answer. */
export interface RunningProbes {
  stop(): Promise<void>;
}

interface ProbesDependencies {
  readonly log: ServiceLogger;
  readonly metrics: Metrics;
  /** The checks of the parts that were started before: a part that starts later is not a condition for traffic. */
  readonly checks: readonly ReadinessCheck[];
}

/** Listens on the plain HTTP port. */
export async function startProbes(
  address: Address,
  { log, metrics, checks }: ProbesDependencies,
): Promise<Result<RunningProbes, string>> {
  const app = createProbesApp({ checks, metrics });
  let sockets: Port | undefined;
  const port = await listenOn('--http-address', address, async (where) => {
    sockets = await listenMany(app, where);
    return sockets.address;
  });
  if (!port.ok) return port;
  log.info({ port: port.value }, 'listening: probes and metrics');
  return ok({
    stop: async () => {
      await endAll([sockets?.close(), app.close()]);
    },
  });
}
