import type { ObjectName } from '../resources/object-key.ts';
import type { StateReason } from '../resources/reasons.ts';
import type { Seconds } from '../time/units.ts';
import type { AsciiWriter } from './ascii-writer.ts';

/** The values of one JWT in a scrape. Times since the epoch. */
export interface TokenReading extends ObjectName {
  readonly expiresAt?: Seconds | undefined;
  readonly renewsAt?: Seconds | undefined;
  readonly ready: boolean;
  /** The reasons of the conditions that report a problem, each once. */
  readonly problems: readonly StateReason[];
}

interface Series {
  readonly name: string;
  readonly help: string;
  /** Writes the samples of one JWT as lines, none where it has none. */
  readonly write: (out: AsciiWriter, metric: string, reading: TokenReading) => void;
}

/** The gauges that there is one of for each JWT. */
const SERIES: readonly Series[] = [
  {
    name: 'token_expiration_timestamp_seconds',
    help: 'When the published token of a JWT expires.',
    write: (out, metric, reading) => writeSample(out, metric, reading, reading.expiresAt),
  },
  {
    name: 'token_renewal_timestamp_seconds',
    help: 'When the token of a JWT is planned to be renewed.',
    write: (out, metric, reading) => writeSample(out, metric, reading, reading.renewsAt),
  },
  {
    name: 'token_ready',
    help: '1 while the Secret of a JWT holds a valid token that matches the JWT, else 0.',
    write: (out, metric, reading) => writeSample(out, metric, reading, Number(reading.ready)),
  },
  {
    name: 'token_problem',
    help: '1 while a condition of a JWT reports a problem, by its reason; absent otherwise.',
    write: (out, metric, reading) => {
      for (const reason of reading.problems) writeSample(out, metric, reading, 1, reason);
    },
  },
];

/** Neither namespaces nor names can hold what would have to be escaped, or is not ASCII (Kubernetes API, DNS-1123). */
function writeSample(
  out: AsciiWriter,
  metric: string,
  { namespace, name }: TokenReading,
  value: number | undefined,
  reason?: StateReason,
): void {
  if (value === undefined) return;
  out.write(metric);
  out.write('{namespace="');
  out.write(namespace);
  out.write('",name="');
  out.write(name);
  if (reason !== undefined) {
    out.write('",reason="');
    out.write(reason);
  }
  out.write('"} ');
  // JSON, since V8 keeps what a number becomes in a template, in case it is asked for again: of 100,000 JWTs 7 MB a scrape.
  out.write(JSON.stringify(value));
  out.write('\n');
}

/** JWTs of one piece, which takes some 50 µs to write. */
const PIECE = 50;

/**
 * Writes the gauges of all JWTs as Prometheus reads them, in pieces: each is written when the next one is asked for. So
 * others can have a turn between two pieces, and a deleted JWT leaves nothing behind. A piece is empty where none of its JWTs
 * has a sample, as usual where they report problems: others have to get a turn there, too. `jwts` are taken piece by piece as
 * well; they are the same for each gauge. A JWT is read once for each gauge, by `read`, since the lines of a gauge have to
 * stand together.
 */
export function* writeTokenSeries<T>(
  out: AsciiWriter,
  prefix: string,
  jwts: Iterable<T>,
  read: (jwt: T) => TokenReading,
): Generator<undefined> {
  const pieces: T[][] = [];
  for (const { name, help, write } of SERIES) {
    const metric = `${prefix}${name}`;
    out.write(`# HELP ${metric} ${help}\n# TYPE ${metric} gauge\n`);
    yield;
    for (const piece of pieces.length === 0 ? keepPieces(jwts, pieces) : pieces) {
      for (const jwt of piece) write(out, metric, read(jwt));
      yield;
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
