import type { KeyObservation, TokenObservation } from '../../src/reconcile/observed.ts';
import type { Outcome } from '../../src/reconcile/outcome.ts';
import type { StateProblem } from '../../src/resources/problem.ts';
import type { Claims } from '../../src/signing/claims.ts';
import { makeKey, toPem } from '../fixtures/keys.ts';
import { DAY, NOW, readKey } from '../fixtures/observed.ts';

/** Seconds. */
export const HOUR = 3600;

/** The key of `settled`, as observed after it was read, and another one. */
export const key = { state: 'read', version: 'key/1', key: await readKey() } as const;
export const otherKey = {
  state: 'read',
  version: 'key/2',
  key: await readKey(toPem(makeKey('ES256'))),
} as const;

/** A missing key. */
export const gone: StateProblem = { reason: 'KeyNotFound', message: 'no such Secret: make one' };
export const noKey: KeyObservation = { state: 'unavailable', problem: gone };

/** A round that signed a token for a day, at `NOW`. */
export const claims: Claims = { iss: 'i', iat: NOW - 60, nbf: NOW - 60, exp: NOW + DAY, jti: 'new-jti' };
export const signed: Outcome = { signed: { claims, issuedAt: NOW } };

/** An expired token in the Secret. */
export const faulty: TokenObservation = { state: 'faulty', cause: 'Expired' };
