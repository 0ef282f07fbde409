/** A parser of text that other people or programs write. To add one, add a line to one of the tables. */
export interface ForeignParser {
  /**
   * Makes the function that reads the text. An object or bytes with the text are made here, and not measured:
   * V8 itself needs more than twice the time for an object with twice as many names.
   */
  readonly readerOf: (text: string) => () => unknown;
  /** Fragments of its grammar, and of similar texts: the inputs are made of them. */
  readonly pieces: readonly string[];
  /**
   * Length of the longest input. It is below the parser's own limit, above which it would refuse without
   * reading. V8 stores lists of more than 16,000 items in another space, which costs an additional step.
   */
  readonly length: number;
}

/** Fragments of JSON, and of similar texts. */
export const JSON_TEXT = [
  '{',
  '}',
  '[',
  ']',
  '{"a":',
  '"d":"A"',
  '"kty":"EC",',
  '"',
  ',',
  ':',
  '\\u0041',
  '1',
  ' ',
  'é',
];
