import { MAX_KEY_TEXT } from '../../src/resources/key-source.ts';
import { keysOf, type Body } from './body.ts';
import { fillKey, hugeRsaKey } from './objects.ts';
import { jwtReview } from './reviews.ts';

function jwtReviewOfKey(text: string): string {
  return jwtReview(`"data":{},"key":{"value":${JSON.stringify(text)}}`);
}

/** JWTs that are the most expensive to check. */
export const JWT_BODIES: readonly Body[] = [
  {
    name: 'jwt-review-pem',
    title: 'a JWT whose key is 16,384 characters of -----BEGIN A-----',
    path: '/validate/jwts',
    make: () => jwtReviewOfKey(fillKey('-----BEGIN A-----', MAX_KEY_TEXT)),
    reaches: /^200 denied: .*cut off/,
    count: 200,
  },
  {
    name: 'jwt-review-dashes',
    title: 'a JWT whose key is 16,384 characters of dashes and line breaks',
    fullOnly: true,
    path: '/validate/jwts',
    make: () => jwtReviewOfKey(fillKey('-----BEGIN \n', MAX_KEY_TEXT)),
    reaches: /^200 denied: .*PEM/,
    count: 200,
  },
  {
    name: 'jwt-review-long-key',
    title: 'a JWT whose key is 4 MB of dashes and line breaks',
    fullOnly: true,
    path: '/validate/jwts',
    make: () => jwtReviewOfKey(fillKey('-----BEGIN \n', 4_000_000)),
    reaches: /^200 denied: .*characters/,
  },
  {
    name: 'jwt-review-rsa',
    title: 'a JWT with an RSA key of 8,192 bits, the largest that is tried',
    path: '/validate/jwts',
    make: () =>
      jwtReview(`"algorithm":"RS256","data":{},"key":{"value":${JSON.stringify(hugeRsaKey(8_192))}}`),
    reaches: /^200 denied: /,
    count: 200,
  },
  {
    name: 'jwt-review-claims',
    title: 'a JWT with 49,000 claims',
    path: '/validate/jwts',
    make: () =>
      jwtReview(`"data":{${keysOf(49_000, 'claim', '"x"')}},"key":{"secret":{"name":"a","key":"a"}}`),
    reaches: /^200 denied: .*spec.data/,
  },
  {
    name: 'jwt-review-scope',
    title: 'a JWT whose scope is 6 MB of words',
    path: '/validate/jwts',
    make: () =>
      jwtReview(
        `"data":{"scope":"${'storage.read:/ '.repeat(400_000)}"},"key":{"secret":{"name":"a","key":"a"}}`,
      ),
    reaches: /^200 denied: .*spec.data/,
    fullOnly: true,
  },
];
