import { ALL_VERIFIERS, doubt, PELICAN_SERVERS, refusal, type ClaimRule } from './claim-rule.ts';
import type { VerifierName } from './facts.ts';
import type { Seconds } from '../../time/units.ts';

/** How far clocks can differ for Pelican's servers; scitokens-cpp, the client and pelicanfs allow none. */
const PELICAN_LEEWAY: Seconds = 60;
/** How long before `exp` Pelican's director refuses a token. */
const DIRECTOR_MARGIN: Seconds = 10;

/** The rules of verifiers for `exp`, `iat` and `nbf`. */
export const TIME_RULES: Readonly<Record<string, ClaimRule>> = {
  'expiry-missing': {
    by: ALL_VERIFIERS,
    says: ({ token: { claims } }) =>
      isNumber(claims['exp'])
        ? undefined
        : refusal('the claim exp is missing or not a number', 'sign a new token'),
  },
  expired: {
    by: ALL_VERIFIERS,
    says: ({ token: { claims }, now }, verifier) => {
      const exp = claims['exp'];
      if (!isNumber(exp)) return undefined;
      if (exp + leewayOf(verifier) < now)
        return refusal('the token has expired', 'sign a new one, or renew its JWT');
      return verifier === 'pelican-client' && exp - DIRECTOR_MARGIN < now
        ? refusal('the director refuses a token from 10 s before its expiry on', 'wait for the next one')
        : undefined;
    },
  },
  'issued-at': {
    by: ['pelicanfs', ...PELICAN_SERVERS, 'xrootd'],
    says: ({ token: { claims }, now }, verifier) => {
      const iat = claims['iat'];
      if (iat === undefined && verifier === 'xrootd')
        return refusal('the claim iat is missing', 'sign the token with jwt-injector, which sets it');
      return isNumber(iat) && iat > now + leewayOf(verifier)
        ? refusal(
            'iat is in the future ("token expired")',
            'correct the clocks: the signer is ahead of this machine',
          )
        : undefined;
    },
  },
  'not-before': {
    by: ALL_VERIFIERS,
    says: ({ token: { claims }, now }, verifier) => {
      const nbf = claims['nbf'];
      if (nbf === undefined && verifier === 'xrootd')
        return doubt('nbf is missing, and scitokens-cpp before 1.0 refuses that', 'sign with jwt-injector');
      return isNumber(nbf) && nbf > now + leewayOf(verifier)
        ? refusal('nbf is in the future: the token is not valid yet', 'correct the clocks, or wait')
        : undefined;
    },
  },
  'time-not-whole': {
    by: ['xrootd'],
    says: ({ token: { claims } }) =>
      ['exp', 'iat', 'nbf'].some((name) => isNumber(claims[name]) && !Number.isInteger(claims[name]))
        ? doubt(
            'a time is not a whole number, and scitokens-cpp before 1.2 refuses that',
            'write whole seconds',
          )
        : undefined,
  },
  'time-no-number': {
    by: ['pelicanfs', 'xrootd'],
    says: ({ token: { claims } }, verifier) => {
      const times = [claims['iat'], claims['nbf']].filter((time) => time !== undefined && !isNumber(time));
      // Python makes a number of digits in a string.
      const wrong = times.filter(
        (time) => verifier === 'xrootd' || typeof time !== 'string' || !/^\d+$/.test(time),
      );
      return wrong.length === 0
        ? undefined
        : refusal('iat or nbf is not a number', 'sign the token with jwt-injector, which sets them');
    },
  },
};

function leewayOf(verifier: VerifierName): Seconds {
  return verifier === 'pelican-cache' || verifier === 'pelican-origin' ? PELICAN_LEEWAY : 0;
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}
