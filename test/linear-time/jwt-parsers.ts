import { answerTo, requestOf } from '../admission/jwt-reviews.ts';
import { claims } from '../signing/lint/specs.ts';
import type { ForeignParser } from './foreign-parser.ts';

/** Values of claims, each with a comma after it: repeated, they form a list. */
const VALUES = [
  '0,',
  '1e21,',
  'null,',
  '"",',
  '"a",',
  '"https://a.example",',
  '"storage.read:/",',
  '"openid",',
  '[],',
  '[[0]],',
  `${'['.repeat(20)}${']'.repeat(20)},`,
  '{},',
  '{"a":{"a":[0]}},',
];
/**
 * Half of the 64 KiB that claims are allowed to have, so that a list of the shortest values has fewer than
 * 16,000.
 */
const LENGTH = 30_000;

/** The webhook's answer when a JWT is created with these claims. */
function readCreated(data: Record<string, unknown>): () => unknown {
  const request = requestOf({ spec: claims(data) });
  return () => answerTo(request);
}

/** The webhook's answer when one value in a JWT's claims changes, which is compared last. */
function readUpdated(values: readonly unknown[]): () => unknown {
  const [object, oldObject] = ['new', 'old'].map((first) => ({ spec: claims({ list: [first, ...values] }) }));
  const request = requestOf(object, { operation: 'UPDATE', oldObject });
  return () => answerTo(request);
}

function listOf(text: string): readonly unknown[] {
  return JSON.parse(`[${text}"end"]`);
}

/** Members of an object, one between `|`; the number makes all names different. */
function membersOf(text: string): object {
  return Object.fromEntries(text.split('|').map((part, index) => [`${part}${index}`, 0]));
}

/**
 * `/validate/jwts`, with claims that grow in the number of their values, in their nesting or in the number of
 * names.
 */
export const JWT_PARSERS: Readonly<Record<string, ForeignParser>> = {
  'a JWT with many audiences': {
    readerOf: (text) => readCreated({ aud: listOf(text) }),
    pieces: VALUES,
    length: LENGTH,
  },
  'a JWT with many scopes': {
    readerOf: (text) => readCreated({ scope: listOf(text), 'wlcg.groups': listOf(text) }),
    pieces: VALUES,
    length: LENGTH / 2,
  },
  'a JWT with many values in a claim': {
    readerOf: (text) => readCreated({ list: listOf(text) }),
    pieces: VALUES,
    length: LENGTH,
  },
  'a JWT with many names in a claim': {
    readerOf: (text) => readCreated({ names: membersOf(text) }),
    // Long names: V8 stores an object with more than a thousand in another way.
    pieces: ['a', '.', 'é'].map((letter) => `|${letter.repeat(40)}`),
    length: LENGTH,
  },
  'a JWT of whose claims one value was changed': {
    readerOf: (text) => readUpdated(listOf(text)),
    pieces: VALUES,
    length: LENGTH,
  },
};
