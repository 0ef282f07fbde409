/** One element of DER (ITU-T X.690 §8.1): its tag, and where its content is in the bytes. */
interface Element {
  readonly tag: number;
  readonly from: number;
  readonly to: number;
}

const INTEGER = 0x02;
const OCTET_STRING = 0x04;
const OBJECT_ID = 0x06;
const SEQUENCE = 0x30;
/** `[0] EXPLICIT`: the parameters of an EC key (RFC 5915 §3). */
const PARAMETERS = 0xa0;

/** The kind of the key; `explicit-curve` is an EC key that brings a curve of its own along. */
export type DerKeyType =
  | 'rsa'
  | 'ec'
  | 'ed25519'
  | 'rsa-pss'
  | 'dsa'
  | 'dh'
  | 'x25519'
  | 'x448'
  | 'ed448'
  | 'explicit-curve'
  | 'unknown';

const OBJECT_IDS: Readonly<Record<string, DerKeyType>> = {
  '2a864886f70d010101': 'rsa',
  '2a8648ce3d0201': 'ec',
  '2b6570': 'ed25519',
  '2a864886f70d01010a': 'rsa-pss',
  '2a8648ce380401': 'dsa',
  '2a864886f70d010301': 'dh',
  '2a8648ce3e0201': 'dh',
  '2b656e': 'x25519',
  '2b656f': 'x448',
  '2b6571': 'ed448',
};

/**
 * The type of the key in a PKCS#8 structure (RFC 5208 §5), by its header alone; `undefined` when the bytes are not
 * PKCS#8. OpenSSL computes public halves while it parses: with a DSA or DH key of 10,000 bits that takes a second.
 */
export function typeOfPkcs8(der: Uint8Array): DerKeyType | undefined {
  const [version, algorithm, key] = children(der, readElement(der, 0));
  if (version?.tag !== INTEGER || key?.tag !== OCTET_STRING) return undefined;
  const [id, parameters] = children(der, algorithm);
  if (id?.tag !== OBJECT_ID) return undefined;
  const name = OBJECT_IDS[hexOf(der, id)] ?? 'unknown';
  return name === 'ec' ? typeOfEc(parameters) : name;
}

/** The type of the key in a SEC1 structure (RFC 5915 §3), as `typeOfPkcs8`. */
export function typeOfSec1(der: Uint8Array): DerKeyType | undefined {
  const [version, key, parameters] = children(der, readElement(der, 0));
  if (version?.tag !== INTEGER || key?.tag !== OCTET_STRING || parameters?.tag !== PARAMETERS)
    return undefined;
  return typeOfEc(children(der, parameters)[0]);
}

/**
 * The type of the key in a PKCS#1 structure (RFC 8017 §A.1.2), as `typeOfPkcs8`: version, modulus, exponents and more, all
 * integers.
 */
export function typeOfPkcs1(der: Uint8Array): DerKeyType | undefined {
  const [version, modulus, exponent] = children(der, readElement(der, 0));
  const isRsa = [version, modulus, exponent].every((element) => element?.tag === INTEGER);
  return isRsa ? 'rsa' : undefined;
}

function typeOfEc(parameters: Element | undefined): DerKeyType {
  return parameters?.tag === OBJECT_ID ? 'ec' : 'explicit-curve';
}

/** The elements of a SEQUENCE, or of another element that holds some; none of what is cut off. */
function children(der: Uint8Array, parent: Element | undefined): readonly (Element | undefined)[] {
  const found: Element[] = [];
  if (parent === undefined || (parent.tag !== SEQUENCE && parent.tag !== PARAMETERS)) return found;
  let element = readElement(der, parent.from);
  while (element !== undefined && element.to <= parent.to) {
    found.push(element);
    element = readElement(der, element.to);
  }
  return found;
}

/** Lengths of up to two bytes: a key text has fewer than 65,536 bytes. */
function readElement(der: Uint8Array, at: number): Element | undefined {
  const [tag, first] = [der[at], der[at + 1]];
  if (tag === undefined || first === undefined) return undefined;
  const isLong = first >= 0x80;
  const more = isLong ? first - 0x80 : 0;
  if (more > 2) return undefined;
  let length = isLong ? 0 : first;
  for (let index = 0; index < more; index += 1) length = length * 256 + (der[at + 2 + index] ?? 0);
  const from = at + 2 + more;
  return from + length > der.length ? undefined : { tag, from, to: from + length };
}

function hexOf(der: Uint8Array, { from, to }: Element): string {
  return Buffer.from(der.subarray(from, to)).toString('hex');
}
