import { setImmediate as turn } from 'node:timers/promises';
import { Counter, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { Seconds } from '../time/units.ts';
import { AdmissionMetrics } from './admission-metrics.ts';
import { AsciiWriter } from './ascii-writer.ts';
import { StateGauges } from './state-gauges.ts';

const METRIC_PREFIX = 'jwt_injector_';

/** An ES256 signature takes 50 µs, RS256 with 4,096 bits some milliseconds. */
const SIGNING_BUCKETS: Seconds[] = [
  0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5,
];
/** Buckets from on time to the five minutes of the longest back-off. */
const LATENESS_BUCKETS: Seconds[] = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
/** The default of 10 ms costs 0.9 % of an idle core by its timer. */
const EVENT_LOOP_PRECISION_MS = 1_000;

/**
 * How long a scrape goes on before others have a turn. In time, not in lines: while V8 marks what is alive, it does up
 * to 5 ms of that at every 64 KB of new objects, and what takes half a millisecond otherwise took 40.
 */
const SCRAPE_SLICE_MS = 1;

/** The metrics to count with, and how `/metrics` is written. */
export type Metrics = ReturnType<typeof createMetrics>;

/** Every metric, in a registry of its own; names and labels are public. */
export function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: EVENT_LOOP_PRECISION_MS });
  const registers = [registry];
  const gauges = new StateGauges(METRIC_PREFIX, registry);
  return {
    contentType: registry.contentType,
    /**
     * The text of one scrape. The gauges of 100,000 JWTs take a quarter of a second to write, and admission answers meanwhile:
     * others have a turn after each millisecond of it. They show the JWTs that were there when the scrape began.
     */
    async *scrape(): AsyncGenerator<string | Buffer> {
      yield await registry.metrics();
      const out = new AsciiWriter();
      let startedAt = performance.now();
      for (const _ of gauges.writeTokenSeries(out)) {
        if (performance.now() - startedAt < SCRAPE_SLICE_MS) continue;
        await turn();
        yield out.take();
        startedAt = performance.now();
      }
      yield out.take();
    },
    gauges,
    admissions: new AdmissionMetrics(METRIC_PREFIX, registry),
    signatures: new Counter({
      name: `${METRIC_PREFIX}signatures_total`,
      help: 'Tokens signed, by algorithm and cause.',
      labelNames: ['algorithm', 'cause'],
      registers,
    }),
    signingDuration: new Histogram({
      name: `${METRIC_PREFIX}signing_duration_seconds`,
      help: 'Time to sign one token, its verification included.',
      buckets: SIGNING_BUCKETS,
      registers,
    }),
    renewalLateness: new Histogram({
      name: `${METRIC_PREFIX}renewal_lateness_seconds`,
      help: 'How long after its planned time a token was renewed.',
      buckets: LATENESS_BUCKETS,
      registers,
    }),
    reconcileErrors: new Counter({
      name: `${METRIC_PREFIX}reconcile_errors_total`,
      help: 'Attempts to bring a JWT up to date that failed, by reason.',
      labelNames: ['reason'],
      registers,
    }),
    /** The counter has no series without prompt delivery. */
    deliveryNudges: new Counter({
      name: `${METRIC_PREFIX}delivery_nudges_total`,
      help: 'Pods that were nudged after a renewal, by result.',
      labelNames: ['result'],
      registers,
    }),
  };
}
