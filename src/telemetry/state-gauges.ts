import { Gauge, type Registry } from 'prom-client';
import { toSeconds, type Milliseconds, type Seconds } from '../time/units.ts';
import type { AsciiWriter } from './ascii-writer.ts';
import { writeTokenSeries, type TokenReading } from './token-series.ts';

/** The state of the running controller. */
export interface ControllerState<T> {
  /** The JWTs of one moment. They are taken over many turns of the event loop. */
  readonly jwts: () => Iterable<T>;
  readonly readToken: (jwt: T) => TokenReading;
  /** JWTs that wait for a worker. */
  readonly queueDepth: () => number;
  readonly isLeading: () => boolean;
}

/** When a watch last received something from the API server, since the epoch; `undefined`: never. */
export interface WatchReading {
  readonly resource: string;
  readonly lastEventAt: Milliseconds | undefined;
}

/** The times of a certificate, since the epoch. */
interface CertificateReading {
  readonly validFrom: Seconds;
  readonly expiresAt: Seconds;
}

/** The gauges that are read at each scrape, from the parts of the service that run: nothing is kept in between. */
export class StateGauges {
  readonly #prefix: string;
  #controller: Pick<ControllerState<never>, 'queueDepth' | 'isLeading'> | undefined;
  readonly #readWatches: (() => Iterable<WatchReading>)[] = [];
  #readCertificate: (() => CertificateReading | undefined) | undefined;
  #writeTokenSeries: ((out: AsciiWriter) => Iterable<undefined>) | undefined;

  constructor(prefix: string, registry: Registry) {
    this.#prefix = prefix;
    const add = (name: string, help: string, value: () => number): Gauge =>
      new Gauge({
        name: `${prefix}${name}`,
        help,
        registers: [registry],
        collect() {
          this.set(value());
        },
      });
    add('queue_depth', 'JWTs that wait for a worker.', () => this.#controller?.queueDepth() ?? 0);
    add('leader', '1 while this replica keeps the tokens fresh, else 0.', () =>
      Number(this.#controller?.isLeading() ?? false),
    );
    const addOfCertificate = (
      name: string,
      help: string,
      value: (reading: CertificateReading) => Seconds,
    ): void => {
      const gauge: Gauge = new Gauge({
        name: `${prefix}certificate_${name}_timestamp_seconds`,
        help: `${help}; absent while it has no certificate.`,
        registers: [registry],
        collect: () => {
          const reading = this.#readCertificate?.();
          if (reading === undefined) gauge.remove();
          else gauge.set(value(reading));
        },
      });
    };
    addOfCertificate(
      'expiration',
      'When the serving certificate of the webhook expires',
      ({ expiresAt }) => expiresAt,
    );
    addOfCertificate(
      'not_before',
      'When the serving certificate of the webhook began to be valid',
      ({ validFrom }) => validFrom,
    );
    const watches = new Gauge({
      name: `${prefix}watch_last_event_timestamp_seconds`,
      help: 'When the API server last said anything about a resource; a watch that is opened counts, too.',
      labelNames: ['resource'],
      registers: [registry],
      collect: () => {
        watches.reset();
        for (const [resource, lastEventAt] of furthestBehind(
          this.#readWatches.flatMap((read) => [...read()]),
        ))
          watches.set({ resource }, toSeconds(lastEventAt));
      },
    });
  }

  /** Makes the gauges show this controller. */
  readController<T>(state: ControllerState<T>): void {
    this.#controller = state;
    this.#writeTokenSeries = (out) => writeTokenSeries(out, this.#prefix, state.jwts(), state.readToken);
  }

  /** Makes the gauges show the watches of one more part of the service. */
  readWatches(read: () => Iterable<WatchReading>): void {
    this.#readWatches.push(read);
  }

  readCertificate(read: () => CertificateReading | undefined): void {
    this.#readCertificate = read;
  }

  /**
   * Writes the gauges that there is one of for each JWT, in pieces. prom-client has no part in them: of 100,000 JWTs it
   * would keep everything in memory, and write it in one turn of the event loop.
   */
  writeTokenSeries(out: AsciiWriter): Iterable<undefined> {
    return this.#writeTokenSeries?.(out) ?? [];
  }
}

/** A resource can have several watches, as one in each of `--namespaces`: the one that is furthest behind counts. */
function furthestBehind(watches: Iterable<WatchReading>): ReadonlyMap<string, Milliseconds> {
  const oldest = new Map<string, Milliseconds>();
  for (const { resource, lastEventAt = 0 } of watches) {
    oldest.set(resource, Math.min(lastEventAt, oldest.get(resource) ?? Number.POSITIVE_INFINITY));
  }
  return oldest;
}
