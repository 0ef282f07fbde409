/** A body that is posted to the webhook again and again. */
export interface Body {
  readonly name: string;
  readonly title: string;
  readonly path?: string;
  readonly make: () => string;
  /** The answer (see `post`) that shows that it got to what it is meant for. */
  readonly reaches: RegExp;
  /** How often it is sent; 16 by default. */
  readonly count?: number;
  readonly fullOnly?: true;
}

/** Members of a JSON object, separated by commas. */
export function keysOf(count: number, prefix: string, value: string): string {
  return Array.from({ length: count }, (_, number) => `"${prefix}${number}":${value}`).join(',');
}
