import type { StateReason } from '../resources/reasons.ts';
import type { Seconds } from '../time/units.ts';

/** What a scrape says about one JWT. Times since the epoch. */
export interface TokenReading {
  readonly namespace: string;
  readonly name: string;
  readonly expiresAt?: Seconds | undefined;
  readonly renewsAt?: Seconds | undefined;
  readonly ready: boolean;
  /** The reasons of the conditions that report a problem, each once. */
  readonly problems: readonly StateReason[];
}

interface Series {
  readonly name: string;
  readonly help: string;
  /** The samples of one JWT as lines of text, none where it has none. `labels` are those of every series. */
  readonly write: (reading: TokenReading, metric: string, labels: string) => string;
}

/** The gauges that there is one of for each JWT. */
const SERIES: readonly Series[] = [
  {
    name: 'token_expiration_timestamp_seconds',
    help: 'When the published token of a JWT expires.',
    write: ({ expiresAt }, metric, labels) => writeSample(metric, labels, expiresAt),
  },
  {
    name: 'token_renewal_timestamp_seconds',
    help: 'When the token of a JWT is planned to be renewed.',
    write: ({ renewsAt }, metric, labels) => writeSample(metric, labels, renewsAt),
  },
  {
    name: 'token_ready',
    help: '1 while the Secret of a JWT holds a valid token that matches the JWT, else 0.',
    write: ({ ready }, metric, labels) => writeSample(metric, labels, Number(ready)),
  },
  {
    name: 'token_problem',
    help: '1 while a condition of a JWT reports a problem, by its reason; absent otherwise.',
    write: ({ problems }, metric, labels) =>
      problems.map((reason) => writeSample(metric, `${labels},reason="${reason}"`, 1)).join(''),
  },
];

/**
 * JSON, since V8 keeps what a number becomes in a template, in case it is asked for again: of 100,000 JWTs 7 MB a scrape, which
 * outlive the young generation, so that every tenth scrape met a pause for the whole heap.
 */
function writeSample(metric: string, labels: string, value: number | undefined): string {
  return value === undefined ? '' : `${metric}{${labels}} ${JSON.stringify(value)}\n`;
}

/** JWTs of one piece, which takes some 50 µs to write. */
const PIECE = 50;

/**
 * The gauges of all JWTs as Prometheus reads them, in pieces: each is made when it is asked for, and nothing is kept.
 * So a reader may let others have a turn between two pieces, and a deleted JWT leaves nothing behind. A piece is empty
 * where none of its JWTs has a sample, as usual where they report problems: there its reader has to let others have a
 * turn, too. `jwts` are taken piece by piece as well; they are the same for each gauge. A JWT is read once for each
 * gauge, by `read`, since the lines of a gauge have to stand together.
 */
export function* writeTokenSeries<T>(
  prefix: string,
  jwts: Iterable<T>,
  read: (jwt: T) => TokenReading,
): Generator<string> {
  const pieces: T[][] = [];
  for (const { name, help, write } of SERIES) {
    const metric = `${prefix}${name}`;
    yield `# HELP ${metric} ${help}\n# TYPE ${metric} gauge\n`;
    for (const piece of pieces.length === 0 ? keepPieces(jwts, pieces) : pieces) {
      let lines = '';
      for (const jwt of piece) {
        const reading = read(jwt);
        // Neither namespaces nor names can hold what would have to be escaped (Kubernetes API, DNS-1123).
        lines += write(reading, metric, `namespace="${reading.namespace}",name="${reading.name}"`);
      }
      yield lines;
    }
  }
}

/** Divides `values` while they are asked for, and adds to `pieces` what it gives. */
function* keepPieces<T>(values: Iterable<T>, pieces: T[][]): Generator<readonly T[]> {
  let piece: T[] = [];
  for (const value of values) {
    piece.push(value);
    if (piece.length < PIECE) continue;
    pieces.push(piece);
    yield piece;
    piece = [];
  }
  if (piece.length === 0) return;
  pieces.push(piece);
  yield piece;
}
