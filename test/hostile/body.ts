/** A body that is posted to the webhook again and again. */
export interface Body {
  readonly name: string;
  readonly title: string;
  readonly path?: string;
  readonly make: () => string;
  /** Matches answers (see `post`) that show that it got to the code that it is meant for. */
  readonly reaches: RegExp;
  /** How often it is sent; default: 16. */
  readonly count?: number;
  readonly fullOnly?: true;
}

/** Members of a JSON object, separated by commas. */
export function keysOf(count: number, prefix: string, value: string): string {
  return Array.from({ length: count }, (_, number) => `"${prefix}${number}":${value}`).join(',');
}
