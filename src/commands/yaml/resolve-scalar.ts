import { YamlFault } from './yaml-fault.ts';

/** The value of a scalar. A `bigint` is an integer that JavaScript's numbers cannot hold; it fits into 64 bits. */
export type ScalarValue = string | number | bigint | boolean | null;

/**
 * Kubernetes reads YAML with Go's yaml.v2 (by sigs.k8s.io/yaml): its table of words, each in three ways of writing. Known
 * differences, which no manifest has: numbers as keys (`1.5e300:`, `-0.0:`), and `!!int 1.0`, which kubectl refuses.
 */
const MEANINGFUL_WORDS: ReadonlyMap<string, boolean | null> = new Map([
  ...spell(['y', 'yes', 'true', 'on'], true),
  ...spell(['n', 'no', 'false', 'off'], false),
  ...spell(['', '~', 'null'], null),
]);

function spell<T>(words: readonly string[], value: T): [string, T][] {
  return words.flatMap((word): [string, T][] => [
    [word, value],
    [word.slice(0, 1).toUpperCase() + word.slice(1), value],
    [word.toUpperCase(), value],
  ]);
}

/** Numbers in YAML that JSON, and so Kubernetes, does not have. */
const NOT_IN_JSON = /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;

const INTEGER_TEXT = /^([-+]?)(?:(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+)|0([0-7]+)|(0|[1-9][0-9]*))$/;
/** Go's reader of binary digits is given what comes after the prefix, and takes a sign there. */
const SIGN_INSIDE = /^0b(?<sign>[-+])(?=[01]+$)/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
/** Kubernetes holds integers in 64 bits, with a sign; larger ones it takes for floating point numbers. */
const INT64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n };
const UINT64_MAX = 2n ** 64n - 1n;
/** The digits of 64 bits in the longest way of writing, with room for leading zeros; `BigInt` needs the square of the rest. */
const MAX_DIGITS = 200;

/** A scalar without quotes and without a tag. Throws `YamlFault` for what Kubernetes cannot read. */
export function resolvePlain(text: string): ScalarValue {
  const word = MEANINGFUL_WORDS.get(text);
  if (word !== undefined) return word;
  if (!/^[-+.0-9]/.test(text)) return text;
  if (NOT_IN_JSON.test(text)) {
    throw new YamlFault(
      `${text} is a number that Kubernetes does not have`,
      'put it in quotes, or remove it',
    );
  }
  if (text.startsWith('.') && /_(?![0-9])|(?<![0-9])_/.test(text)) return text;
  const plain = text.replaceAll('_', '');
  return readInteger(plain) ?? readFloat(plain) ?? text;
}

function readInteger(text: string): number | bigint | undefined {
  const [, sign, prefixed, octal, decimal] = INTEGER_TEXT.exec(text.replace(SIGN_INSIDE, '$<sign>0b')) ?? [];
  const digits = prefixed ?? (octal === undefined ? decimal : `0o${octal}`);
  if (digits === undefined || digits.length > MAX_DIGITS) return undefined;
  const value = BigInt(digits.toLowerCase()) * (sign === '-' ? -1n : 1n);
  if (value < INT64.min || value > UINT64_MAX) return undefined;
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  if (value <= INT64.max) return value;
  return sign === '' ? number : undefined; // with a sign only decimal digits are read, as a floating point number
}

/** A number that is too large counts as text. */
function readFloat(text: string): number | undefined {
  const value = FLOAT.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
}

const TAG_PREFIX = 'tag:yaml.org,2002:';

/** A scalar with a tag, with or without quotes. An unknown tag makes a text. */
export function resolveTagged(text: string, tag: string): ScalarValue {
  const name = tag.startsWith(TAG_PREFIX) ? tag.slice(TAG_PREFIX.length) : '';
  if (name === 'binary') return decodeBinary(text);
  const wanted = KINDS.get(name);
  if (wanted === undefined) return text;
  const value = resolvePlain(text);
  if (wanted.includes(kindOf(value))) return value;
  throw new YamlFault(`"${text.slice(0, 40)}" is not what its tag !!${name} says`, 'correct one of them');
}

const KINDS: ReadonlyMap<string, readonly string[]> = new Map([
  ['int', ['integer']],
  ['float', ['integer', 'float']],
  ['bool', ['boolean']],
  ['null', ['null']],
]);

function kindOf(value: ScalarValue): string {
  if (value === null) return 'null';
  if (typeof value === 'bigint') return 'integer';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'float';
  return typeof value;
}

function decodeBinary(text: string): string {
  const plain = text.replaceAll(/\s/g, '');
  const bytes = Buffer.from(plain, 'base64');
  if (bytes.toString('base64') !== plain)
    throw new YamlFault('a value with the tag !!binary is not base64', 'encode it again');
  return bytes.toString();
}
