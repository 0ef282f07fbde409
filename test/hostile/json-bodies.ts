import { keysOf, type Body } from './body.ts';
import { reviewOf } from './reviews.ts';

const LIMIT = 8 * 1024 * 1024; // the limit of the service

/** A text that repeats `unit` as often as fits between `before` and `after` in 8 MiB. */
function fill(before: string, unit: string, after: string): string {
  const room = LIMIT - Buffer.byteLength(before) - Buffer.byteLength(after);
  return before + unit.repeat(Math.floor(room / Buffer.byteLength(unit))) + after;
}

const ENVELOPE = reviewOf('pods', 'Pod', '@').split('@');
const [BEFORE = '', AFTER = ''] = ENVELOPE;

/** Bodies that would take the parser seconds are refused for their structure, in one pass over the bytes. */
const UNPARSED = /^413 the body (?:holds|nests) more than/;
const READ = /^200 /;

/** Bodies that are the most expensive for the parser. */
export const JSON_BODIES: readonly Body[] = [
  { name: 'deep-arrays', title: '8 MiB of [', make: () => '['.repeat(LIMIT), reaches: UNPARSED },
  {
    name: 'deep-objects',
    title: '800 times {"a": 490 deep, in a review',
    make: () => {
      const one = `${'{"a":'.repeat(490)}1${'}'.repeat(490)}`;
      return `${BEFORE}[${`${one},`.repeat(800)}1]${AFTER}`;
    },
    reaches: READ,
    fullOnly: true,
  },
  {
    name: 'many-objects',
    title: '8 MiB of [{},{},…]',
    make: () => fill('[', '{},', '{}]'),
    reaches: UNPARSED,
  },
  {
    name: 'many-numbers',
    title: '690,000 numbers in a review of 8 MiB',
    make: () => fill(`${BEFORE}[${'1,'.repeat(690_000)}`, ' ', `1]${AFTER}`),
    reaches: READ,
    fullOnly: true,
  },
  {
    name: 'many-keys',
    title: '8 MiB of an object with half a million keys, in a review',
    make: () => `${BEFORE}{${keysOf(500_000, 'k', '1')}}${AFTER}`,
    reaches: UNPARSED,
  },
  {
    name: 'as-many-keys-as-read',
    title: 'an object with 410,000 keys, in a review',
    make: () => `${BEFORE}{${keysOf(410_000, 'k', '1')}}${AFTER}`,
    reaches: READ,
    fullOnly: true,
  },
  {
    name: 'escapes',
    title: '8 MiB of \\u0000 in one string of a review',
    make: () => fill(`${BEFORE}"`, String.raw`\u0000`, `"${AFTER}`),
    reaches: READ,
    fullOnly: true,
  },
];
