import { Gauge, type MetricObjectWithValues, type MetricValue } from 'prom-client';

/** What a scrape says about one JWT. Times in milliseconds since the epoch. */
export interface TokenReading {
  readonly namespace: string;
  readonly name: string;
  readonly expiresAt?: number | undefined;
  readonly renewsAt?: number | undefined;
  readonly ready: boolean;
}

type Label = 'namespace' | 'name';

/** A gauge per JWT that reads its values at the scrape and keeps none: a deleted JWT leaves no series behind. */
export class TokenGauge extends Gauge<Label> {
  readonly #description: { readonly name: string; readonly help: string };
  readonly #tokens: () => Iterable<TokenReading>;
  readonly #value: (reading: TokenReading) => number | undefined;

  constructor(
    name: string,
    help: string,
    tokens: () => Iterable<TokenReading>,
    value: (reading: TokenReading) => number | undefined,
  ) {
    super({ name, help, labelNames: ['namespace', 'name'], registers: [] });
    this.#description = { name, help };
    this.#tokens = tokens;
    this.#value = value;
  }

  override async get(): Promise<MetricObjectWithValues<MetricValue<Label>>> {
    const empty = await super.get();
    const values: MetricValue<Label>[] = [];
    for (const reading of this.#tokens()) {
      const value = this.#value(reading);
      if (value !== undefined)
        values.push({ value, labels: { namespace: reading.namespace, name: reading.name } });
    }
    return { ...empty, ...this.#description, values };
  }
}
