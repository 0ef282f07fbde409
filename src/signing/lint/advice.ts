import { formatDuration } from '../../time/format-time.ts';
import { member, type JsonObject } from '../../resources/json.ts';
import { claimsOf, type JwtSpec } from '../../resources/jwt.ts';
import { BACKDATE, effectiveIssuer } from '../claims.ts';
import { readScopes } from './scopes.ts';
import type { LintWarning } from './lint-findings.ts';
import type { Seconds } from '../../time/units.ts';

/** WLCG Common JWT Profiles: the longest lifetime of an access token unless its users agreed on more. */
const WLCG_MAX_LIFETIME: Seconds = 6 * 3_600;

type Advised = Pick<JwtSpec, 'issuer' | 'data' | 'lifetime'>;
type AdviceFacts = Advised & { readonly data: JsonObject };

/** Advice about fields that are often right, and often meant otherwise: shown only by `explain`. */
const ADVICE_RULES: Readonly<Record<string, (spec: AdviceFacts) => string | false>> = {
  // scitokens-cpp appends the path as it is, others (OpenID Connect Discovery) drop the slash first.
  'issuer-trailing-slash': (spec) => {
    const issuer = effectiveIssuer(spec);
    return (
      issuer.ok &&
      issuer.value.endsWith('/') &&
      'the issuer ends in "/": XRootD asks for //.well-known/… there; publish under both, or remove the slash everywhere'
    );
  },
  'lifetime-long': ({ lifetime }) =>
    lifetime > WLCG_MAX_LIFETIME &&
    `spec.expiryTime is ${formatDuration(lifetime)}: WLCG allows 6 h unless agreed, and a stolen token works until it expires`,
  // With base path /vo, storage.read:/vo allows /vo/vo only.
  'scope-path': ({ data }) =>
    readScopes(member(data, 'scope')).storage.some(({ path }) => path !== '' && path !== '/') &&
    'spec.data.scope: paths start at the base path of the namespace (under /vo, /data means /vo/data): leave it out',
};

/** All advice on a spec that can be served, in the words of a warning. */
export function findAdvice(spec: Advised): readonly LintWarning[] {
  const facts = { ...spec, data: claimsOf(spec) };
  return Object.entries(ADVICE_RULES).flatMap(([rule, says]) => {
    const message = says(facts);
    return message === false ? [] : [{ rule, message }];
  });
}

/** All advice on a token, by its claims. */
export function findTokenAdvice(claims: JsonObject): readonly string[] {
  const { exp, iat } = claims;
  const lifetime = typeof exp === 'number' && typeof iat === 'number' ? exp - iat - BACKDATE : 0;
  return findAdvice({ issuer: '', data: claims, lifetime }) // its issuer is among the claims
    .map(({ message }) => message);
}
