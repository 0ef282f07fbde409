import { setImmediate as turn } from 'node:timers/promises';
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { AdmissionMetrics } from './admission-metrics.ts';
import { writeTokenSeries, type TokenReading } from './token-series.ts';

const PREFIX = 'jwt_injector_';

/** An ES256 signature takes 50 µs, RS256 with 4,096 bits some milliseconds. Seconds. */
const SIGNING_BUCKETS = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5];
/** From on time to the five minutes of the longest back-off. Seconds. */
const LATENESS_BUCKETS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
/** The default of 10 ms costs 0.9 % of an idle core by its timer. Milliseconds. */
const EVENT_LOOP_PRECISION = 1000;

/** What a scrape asks for, so that nothing needs to be counted along. */
export interface MetricsOptions<T> {
  /** All JWTs, asked for at every scrape, and what their lines say: nothing is kept per JWT between scrapes. */
  readonly jwts?: { readonly all: () => Iterable<T>; readonly read: (jwt: T) => TokenReading };
  /** Likewise: JWTs that wait for a worker. */
  readonly queueDepth?: () => number;
  /** Likewise: when each watch last heard from the API server, in milliseconds since the epoch. */
  readonly watches?: () => Iterable<{ readonly resource: string; readonly lastEventAt: number | undefined }>;
}

/** The metrics to count with, and how `/metrics` is written. */
export type Metrics = ReturnType<typeof createMetrics>;

/** Every metric, registered in a registry of its own but for those per JWT; names and labels are public. */
export function createMetrics<T>({ jwts, queueDepth, watches }: MetricsOptions<T> = {}) {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: EVENT_LOOP_PRECISION });
  const registers = [registry];
  return {
    /** All but the gauges per JWT. */
    registry,
    contentType: registry.contentType,
    /**
     * The text of one scrape. Others have a turn after each piece: the gauges of 100,000 JWTs take a second to write,
     * and admission answers meanwhile. They tell of the JWTs that were there when the scrape began.
     */
    async *scrape(): AsyncGenerator<string> {
      yield await registry.metrics();
      if (jwts === undefined) return;
      for (const piece of writeTokenSeries(PREFIX, [...jwts.all()], jwts.read)) {
        await turn();
        yield piece;
      }
    },
    signatures: new Counter({
      name: `${PREFIX}signatures_total`,
      help: 'Tokens signed, by algorithm and cause.',
      labelNames: ['algorithm', 'cause'],
      registers,
    }),
    signingDuration: new Histogram({
      name: `${PREFIX}signing_duration_seconds`,
      help: 'Time to sign one token, its verification included.',
      buckets: SIGNING_BUCKETS,
      registers,
    }),
    renewalLateness: new Histogram({
      name: `${PREFIX}renewal_lateness_seconds`,
      help: 'How long after its planned time a token was renewed.',
      buckets: LATENESS_BUCKETS,
      registers,
    }),
    reconcileErrors: new Counter({
      name: `${PREFIX}reconcile_errors_total`,
      help: 'Attempts to bring a JWT up to date that failed, by reason.',
      labelNames: ['reason'],
      registers,
    }),
    queueDepth: new Gauge({
      name: `${PREFIX}queue_depth`,
      help: 'JWTs that wait for a worker.',
      registers,
      collect() {
        this.set(queueDepth?.() ?? 0);
      },
    }),
    watchLastEvent: new Gauge({
      name: `${PREFIX}watch_last_event_timestamp_seconds`,
      help: 'When the watch of a resource last heard from the API server, bookmarks included.',
      labelNames: ['resource'],
      registers,
      collect() {
        // With --namespaces a resource has a watch in each: the one that is furthest behind counts.
        const oldest = new Map<string, number>();
        for (const { resource, lastEventAt = 0 } of watches?.() ?? []) {
          oldest.set(resource, Math.min(lastEventAt, oldest.get(resource) ?? Number.POSITIVE_INFINITY));
        }
        for (const [resource, lastEventAt] of oldest) this.set({ resource }, lastEventAt / 1000);
      },
    }),
    leader: new Gauge({
      name: `${PREFIX}leader`,
      help: '1 while this replica keeps the tokens fresh, else 0.',
      registers,
    }),
    admissions: new AdmissionMetrics(PREFIX, registry),
    certificateExpiration: new Gauge({
      name: `${PREFIX}certificate_expiration_timestamp_seconds`,
      help: 'When the serving certificate of the webhook expires.',
      registers,
    }),
  };
}
