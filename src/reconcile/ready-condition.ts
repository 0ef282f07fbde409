import type { Jwt } from '../resources/jwt.ts';
import type { StateProblem } from '../resources/problem.ts';
import type { StateReason } from '../resources/reasons.ts';
import type { Seconds } from '../time/units.ts';
import type { Condition } from './conditions.ts';
import type { Observed } from './observed.ts';
import type { Outcome } from './outcome.ts';
import { isTokenInDoubt, type PresentToken } from './present-token.ts';

/** `Ready`: whether people may use the token in the Secret; `now` in seconds since the epoch. */
export function readyCondition(
  observed: Observed,
  outcome: Outcome,
  token: PresentToken | undefined,
  now: Seconds,
): Condition {
  const { jwt } = observed;
  const { problem } = outcome;
  if (problem !== undefined && isTokenInDoubt(observed, outcome)) return describeDoubt(jwt, problem, token);
  // A token in another owner's Secret says nothing about this JWT.
  if (problem?.reason !== 'SecretConflict') {
    if (token !== undefined && token.expiresAt > now) return describeValid(jwt, problem, token);
    const unchecked = describeUnchecked(observed);
    if (unchecked !== undefined) return unchecked;
  }
  return problem === undefined
    ? ready('False', 'WriteFailed', 'no token was written yet')
    : ready('False', problem.reason, problem.message);
}

function ready(status: Condition['status'], reason: StateReason, message: string): Condition {
  return { type: 'Ready', status, reason, message };
}

/** The token could not be read: the status keeps what it said before, or says that nobody knows. */
function describeDoubt(
  { name }: Jwt,
  { reason, message }: StateProblem,
  token: PresentToken | undefined,
): Condition {
  return token === undefined
    ? ready('Unknown', reason, `it is not known whether Secret ${name} holds a valid token: ${message}`)
    : ready(
        'True',
        reason,
        `Secret ${name} held a valid token when it was read last, and was not read again: ${message}`,
      );
}

function describeValid({ name }: Jwt, problem: StateProblem | undefined, token: PresentToken): Condition {
  if (problem?.reason === 'WriteFailed' || problem?.reason === 'WriteRefused')
    return ready(
      'True',
      problem.reason,
      `Secret ${name} holds a valid token, but not all that is due can be written: ${problem.message}`,
    );
  return token.isLegacy
    ? ready(
        'True',
        'LegacyToken',
        'the Secret holds a valid token of token-manager; claims that it lacks come with its next renewal',
      )
    : ready('True', 'Signed', `Secret ${name} holds a valid token`);
}

/** The token is as the spec asks, but the key with which it would be checked is not available. */
function describeUnchecked({ jwt, secret, key }: Observed): Condition | undefined {
  if (key.state !== 'unavailable') return undefined;
  if (secret?.token.state !== 'valid' || secret.token.signature !== 'unknown') return undefined;
  const { reason, message } = key.problem;
  return ready('Unknown', reason, `the token in Secret ${jwt.name} cannot be checked: ${message}`);
}
