import { wireJwt } from '../../fixtures/jwts.ts';

/** A reference to a key in a Secret, as recommended. Its content is not known. */
export const SECRET = { secret: { name: 'my-key', key: 'key.pem' } };
/** The claims of the NRP page. */
export const GOOD_DATA = wireJwt().spec.data;

/**
 * The spec of the NRP page with its key in a Secret and the given changes. Without changes there is no
 * warning.
 */
export function spec(changes: Record<string, unknown> = {}): unknown {
  return wireJwt({ key: SECRET, ...changes }).spec;
}

/** The spec of the page with these claims added or replaced; `undefined` removes a claim. */
export function claims(changes: Record<string, unknown>): unknown {
  const data = Object.entries({ ...GOOD_DATA, ...changes }).filter(([, value]) => value !== undefined);
  return spec({ data: Object.fromEntries(data) });
}
