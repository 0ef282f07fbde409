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

/** Claims with one of SciTokens' profiles. */
export const ofSciTokens = (ver: string, changes: Record<string, unknown> = {}): unknown =>
  claims({ 'wlcg.ver': undefined, ver, ...changes });

/** Specs with these scopes, each under its own name. */
export const scopes = (...texts: readonly string[]): WarningCases['warned'] =>
  Object.fromEntries(texts.map((text) => [JSON.stringify(text), claims({ scope: text })]));

/** When a warning is given. */
export interface WarningCases {
  /** The message: field, fault and remedy. */
  readonly says: RegExp;
  readonly warned: Readonly<Record<string, unknown>>;
  /** Similar specs without this warning. */
  readonly quiet: Readonly<Record<string, unknown>>;
}
