import { splitList } from '../../src/admission/token-list.ts';
import { findKeyRefusal } from '../../src/reconcile/key-access.ts';
import { parseJwt } from '../../src/resources/jwt.ts';
import { ALLOWED_NAMESPACES } from '../../src/resources/names.ts';
import { ANY_REVIEW, excessOf } from '../../src/server/json-bounds.ts';
import { readSigningKey } from '../../src/signing/key.ts';
import { lintJwt } from '../../src/signing/lint.ts';
import { readToken } from '../../src/signing/token.ts';
import { findFacts } from '../../src/signing/token-facts.ts';
import { makeJwt, wireJwt } from '../fixtures/jwts.ts';
import { claims } from '../signing/lint/specs.ts';

/** A reader of text that somebody else wrote. To add one is to add a line to the table below. */
export interface ForeignParser {
  readonly parse: (text: string) => unknown;
  /** Fragments of its grammar, and of what is close to it: the texts that it is given are made of them. */
  readonly pieces: readonly string[];
  /**
   * Length of the longest text that it is given. Below its own limit, or it would be refused unread; V8 keeps lists
   * of more than 16,000 items in another space, which costs a step of its own.
   */
  readonly length: number;
}

const PEM = [
  '-----BEGIN ',
  '-----END ',
  '-----',
  'A',
  'PRIVATE KEY',
  'EC PRIVATE KEY',
  '\n',
  ' ',
  'MHcCAQEE',
  '=',
];
const JSON_TEXT = [
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
const SCOPE = ['storage.read', 'storage.', ':', '/', 'read:', ',', ' ', '\n', 'a', 'openid'];
const jwt = makeJwt();
const reference = { namespace: 'keys', name: 'k', key: 'key.pem' };

export const PARSERS: Readonly<Record<string, ForeignParser>> = {
  'a private key in PEM': {
    parse: (text) => readSigningKey(text, 'ES256'),
    pieces: [...PEM, String.raw`\n`, 'OPENSSH PRIVATE KEY', 'ssh-', 'LS0tLS1CRUdJTi', '0\u0002\u0001'],
    length: 16_000,
  },
  'a private key as JWK': {
    parse: (text) => readSigningKey(`{${text}`, 'ES256'),
    pieces: JSON_TEXT,
    length: 16_000,
  },
  'a token': {
    parse: (text) => {
      const token = readToken(text);
      return token === undefined ? undefined : findFacts(token);
    },
    pieces: ['eyJhbGciOiJFUzI1NiJ9', 'eyJhIjpbXX0', '.', 'A', '-', '_', '=', '+', ' ', '\n', 'é'],
    length: 20_000,
  },
  'the scope of a JWT': {
    parse: (text) => lintJwt(claims({ scope: text }), { isNew: true }),
    pieces: SCOPE,
    length: 20_000,
  },
  'the scopes of a JWT as a list': {
    parse: (text) => lintJwt(claims({ scope: text.split('|') }), { isNew: true }),
    pieces: [...SCOPE, '|'],
    length: 10_000,
  },
  'claims with long names': {
    parse: (text) => lintJwt(claims({ [text]: [{ [text]: 2 ** 60 }] }), { isNew: true }),
    pieces: ['a', ' ', '\n', '\u0000', '.', '"', 'é', '🐘'],
    length: 5_000,
  },
  'the issuer of a JWT': {
    parse: (text) => lintJwt(claims({ iss: text }), { isNew: true }),
    pieces: ['https://', 'http://', 'a', '.', '/', ' ', '\n', '%'],
    length: 20_000,
  },
  'the metadata of a JWT': {
    parse: (text) =>
      parseJwt(
        wireJwt({}, { metadata: { labels: { a: text }, annotations: { b: text }, finalizers: [text] } }),
      ),
    pieces: ['a', '.', '/', ' ', 'é', 'kopf.zalando.org/'],
    length: 20_000,
  },
  'a body before it is parsed as JSON': {
    parse: (text) => excessOf(Buffer.from(text), ANY_REVIEW),
    pieces: JSON_TEXT,
    // An eighth of it is still more than the 64 KiB that are not looked at.
    length: 600_000,
  },
  'an annotation that is a list': {
    parse: (text) => splitList('tokens.osg-htc.org/containers', text),
    pieces: ['a', ',', ' ', '\n', '-', 'é'],
    length: 10_000,
  },
  'the grant of a key Secret': {
    parse: (text) => findKeyRefusal(jwt, reference, { annotations: { [ALLOWED_NAMESPACES]: text } }),
    pieces: ['a', ',', ' ', '\n', '*', 'science'],
    length: 10_000,
  },
};
