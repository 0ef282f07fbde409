/** A reader of text that somebody else wrote. To add one is to add a line to one of the tables. */
export interface ForeignParser {
  /**
   * Makes what reads that text. An object or bytes that hold the text are made here, and not measured: V8 itself needs
   * more than twice as long for an object of twice as many names.
   */
  readonly readerOf: (text: string) => () => unknown;
  /** Fragments of its grammar, and of what is close to it: the texts that it is given are made of them. */
  readonly pieces: readonly string[];
  /**
   * Length of the longest text that it is given. Below its own limit, or it would be refused unread; V8 keeps lists
   * of more than 16,000 items in another space, which costs a step of its own.
   */
  readonly length: number;
}

/** Pieces of JSON, and of what is close to it. */
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
