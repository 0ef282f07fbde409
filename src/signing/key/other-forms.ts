import type { PemBlock } from './pem.ts';

/** How DER (ITU-T X.690) of a private key or of PKCS#12 begins: a SEQUENCE, its length in one to four characters, ... */
const DER_START = '0';
const MAX_LENGTH_BYTES = 4;
/** ... and an INTEGER of one byte, which is the version. Bytes that are not UTF-8 became U+FFFD. */
const VERSION_START = '\u0002\u0001';
const PKCS12_VERSION = 3;
/** How many characters are enough to distinguish the forms in base64. */
const PREFIX_LENGTH = 64;
const BASE64 = /^[A-Za-z0-9+/]+$/;
const SSH_PUBLIC = /^(?:ssh-|ecdsa-sha2-|sk-)[a-z0-9@.-]{1,60} AAAA|^---- BEGIN SSH2 PUBLIC KEY/;

/**
 * Names the form of a text that is neither PEM nor JWK but known, with the command that makes PEM of it; `KEY` is the author's
 * file. `undefined` when the form is not known.
 */
export function nameOtherForm(text: string): string | undefined {
  if (SSH_PUBLIC.test(text)) {
    return 'found a public key of SSH: a private key is needed to sign, it is in the file without .pub';
  }
  if (text.slice(0, PREFIX_LENGTH).includes('\u0000-\u0000')) {
    return 'the text is UTF-16: convert it, iconv -f UTF-16 -t UTF-8 KEY > key.pem';
  }
  const version = findDerVersion(text);
  if (version === undefined) return nameBase64(text);
  return version === PKCS12_VERSION ? FOUND_PKCS12 : FOUND_DER;
}

function findDerVersion(text: string): number | undefined {
  const start = text.slice(0, 1 + MAX_LENGTH_BYTES + VERSION_START.length + 1);
  const at = start.indexOf(VERSION_START, 2);
  const version = start.codePointAt(at + VERSION_START.length);
  const isDer =
    start.startsWith(DER_START) && at !== -1 && version !== undefined && version <= PKCS12_VERSION;
  return isDer ? version : undefined;
}

const FOUND_PKCS12 = 'found PKCS#12: take the key out, openssl pkcs12 -in KEY -nocerts -nodes -out key.pem';
const FOUND_DER = 'found DER, the binary form: convert it, openssl pkey -inform DER -in KEY -out key.pem';

function nameBase64(text: string): string | undefined {
  const start = text.slice(0, PREFIX_LENGTH).replaceAll(/\s/g, '').replace(/=+$/, '');
  if (!BASE64.test(start)) return undefined;
  const decoded = Buffer.from(start, 'base64').toString();
  if (decoded.startsWith('-----BEGIN')) {
    return 'found base64 of PEM, encoded once too often: decode it, base64 -d KEY > key.pem';
  }
  if (findDerVersion(decoded) !== undefined) {
    return 'found base64 without the lines of PEM: base64 -d KEY | openssl pkey -inform DER -out key.pem';
  }
  return decoded.startsWith('{') ? 'found base64 of a JWK: decode it, base64 -d KEY > key.jwk' : undefined;
}

/** Names a block of PEM that OpenSSL does not read, with the command that converts it; `undefined` when it is unknown. */
export function nameOtherBlock({ label, base64 }: PemBlock): string | undefined {
  if (base64.includes(String.raw`\n`)) {
    return String.raw`the line breaks are written as "\n": convert it, printf '%b' "$(cat KEY)" > key.pem`;
  }
  if (label !== 'OPENSSH PRIVATE KEY') return undefined;
  // OpenSSH before 9.6 says that it converts such a key, and leaves it as it is.
  const isEd25519 = Buffer.from(base64, 'base64').includes('ssh-ed25519');
  return isEd25519
    ? 'found an OpenSSH key of Ed25519: make one in PEM instead, openssl genpkey -algorithm ed25519 -out key.pem'
    : "found an OpenSSH key: convert a copy, cp KEY key.pem && ssh-keygen -p -N '' -m PKCS8 -f key.pem";
}
