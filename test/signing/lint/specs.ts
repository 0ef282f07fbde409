import { wireJwt } from '../../fixtures/jwts.ts';

/** A key as it should be given; nothing is known about it. */
export const SECRET = { secret: { name: 'my-key', key: 'key.pem' } };
/** The claims of the NRP page. */
export const GOOD_DATA = wireJwt().spec.data;

/** The spec of the NRP page with its key in a Secret, which nothing can be said against, with the given changes. */
export function spec(changes: Record<string, unknown> = {}): unknown {
  return wireJwt({ key: SECRET, ...changes }).spec;
}

/** The spec of the page with these claims added or replaced; `undefined` removes one. */
export function claims(changes: Record<string, unknown>): unknown {
  const data = Object.entries({ ...GOOD_DATA, ...changes }).filter(([, value]) => value !== undefined);
  return spec({ data: Object.fromEntries(data) });
}
