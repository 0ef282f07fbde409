import type { Seconds } from '../time/units.ts';

/** What a scrape says about one JWT. Times since the epoch. */
export interface TokenReading {
  readonly namespace: string;
  readonly name: string;
  readonly expiresAt?: Seconds | undefined;
  readonly renewsAt?: Seconds | undefined;
  readonly ready: boolean;
}

interface Series {
  readonly name: string;
  readonly help: string;
  /** `undefined`: a JWT without this series. */
  readonly value: (reading: TokenReading) => number | undefined;
}

/** The gauges that there is one of for each JWT. */
const SERIES: readonly Series[] = [
  {
    name: 'token_expiration_timestamp_seconds',
    help: 'When the published token of a JWT expires.',
    value: ({ expiresAt }) => expiresAt,
  },
  {
    name: 'token_renewal_timestamp_seconds',
    help: 'When the token of a JWT is planned to be renewed.',
    value: ({ renewsAt }) => renewsAt,
  },
  {
    name: 'token_ready',
    help: '1 while the Secret of a JWT holds a valid token that matches the JWT, else 0.',
    value: ({ ready }) => Number(ready),
  },
];

/** Lines of one piece: some 50 KB, which take less than a millisecond to write. */
const LINES = 500;

/**
 * The gauges of all JWTs as Prometheus reads them, in pieces: each is made when it is asked for, and nothing is kept. So
 * a reader may let others have a turn between two pieces, and a deleted JWT leaves nothing behind. A JWT is read once for
 * each gauge, by `read`, since the lines of a gauge have to stand together.
 */
export function* writeTokenSeries<T>(
  prefix: string,
  jwts: readonly T[],
  read: (jwt: T) => TokenReading,
): Generator<string> {
  for (const { name, help, value } of SERIES) {
    const metric = `${prefix}${name}`;
    yield `# HELP ${metric} ${help}\n# TYPE ${metric} gauge\n`;
    for (let first = 0; first < jwts.length; first += LINES) {
      let lines = '';
      for (const jwt of jwts.slice(first, first + LINES)) {
        const reading = read(jwt);
        const number = value(reading);
        // Neither namespaces nor names can hold what would have to be escaped (Kubernetes API, DNS-1123).
        if (number !== undefined)
          lines += `${metric}{namespace="${reading.namespace}",name="${reading.name}"} ${number}\n`;
      }
      if (lines !== '') yield lines;
    }
  }
}
