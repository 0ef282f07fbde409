import type { JWK } from 'jose';
import { findCondition } from '../../reconcile/conditions.ts';
import { parsePublicJwk } from '../../reconcile/key-record.ts';
import type { Jwt } from '../../resources/jwt.ts';
import type { RecordedStatus } from '../../resources/recorded-status.ts';
import { effectiveIssuer } from '../../signing/claims.ts';
import type { KeyEntry } from '../../signing/issuer/key-set.ts';
import { readRotation } from './rotation.ts';
import type { Seconds } from '../../time/units.ts';

/** The issuer of the keys, and where they are published. */
export interface IssuerKeys {
  /** The claim `iss`; `undefined` when it is not known. */
  readonly issuer: string | undefined;
  readonly entries: readonly KeyEntry[];
  /** The JWT has another issuer now, and tokens of this one are still in use. */
  readonly isEarlier?: true;
  /** Warnings about the entries when they are published. */
  readonly warnings?: readonly string[];
}

/** `JWT science/my-jwt`, for messages. */
export function nameJwt({ namespace, name }: Pick<Jwt, 'namespace' | 'name'>): string {
  return `JWT ${namespace === '' ? '' : `${namespace}/`}${name}`;
}

/**
 * The keys of a JWT that have to be published: below its current issuer, which comes first, the keys in its status and the
 * one of a running rotation; below each issuer that it had before, the keys whose tokens are still in use. No entries when
 * nothing was signed for the issuer yet: anybody who may change the JWT may change an annotation and `spec.issuer`, so
 * neither brings a key into the documents of an issuer by itself. `object`: the wire JSON of the JWT.
 */
export function keysOfJwt(jwt: Jwt, object: unknown, now: Seconds): readonly [IssuerKeys, ...IssuerKeys[]] {
  const { recorded, spec } = jwt;
  const source = nameJwt(jwt);
  const wanted = spec.ok ? effectiveIssuer(spec.value) : undefined;
  const issuer = recorded.issuer ?? (wanted?.ok === true ? wanted.value : undefined);
  const entries: KeyEntry[] = [];
  const present = signsForIssuer(recorded, now) ? presentKey(jwt) : undefined;
  if (present !== undefined) entries.push({ jwk: present, role: 'signs', source });
  const earlier = new Map<string, KeyEntry[]>();
  for (const retired of recorded.retiredKeys ?? []) {
    const { publicKey, expiresAt: until, issuer: signedFor } = retired;
    const jwk = parsePublicJwk(publicKey);
    if (jwk === undefined || until <= now) continue;
    const entry: KeyEntry = { jwk, role: 'retired', source, until };
    if (signedFor === issuer) entries.push(entry);
    else earlier.set(signedFor, [...(earlier.get(signedFor) ?? []), entry]);
  }
  const rotation = readRotation(object);
  if (rotation !== undefined && present !== undefined)
    entries.push({ jwk: rotation.publicKey, role: 'added', source: `the rotation of ${source}` });
  const others = [...earlier].map(([url, keys]): IssuerKeys => ({
    issuer: url,
    entries: keys,
    isEarlier: true,
  }));
  return [{ issuer, entries }, ...others];
}

/** The key that signed the current token, as it is published; `undefined` if the status has none. */
export function presentKey({ recorded }: Pick<Jwt, 'recorded'>): JWK | undefined {
  return parsePublicJwk(recorded.publicKey ?? '');
}

/**
 * Whether `publicKey` signs tokens of `issuer`. In a status `issuer` follows the spec once the token was checked against it, and
 * the key only with a signature; so where the policy of the cluster refuses the JWT and no token is left, the key is that of
 * another issuer.
 */
function signsForIssuer(recorded: RecordedStatus, now: Seconds): boolean {
  const { expiresAt = 0 } = recorded;
  return expiresAt > now || findCondition(recorded, 'PolicyDenied') === undefined;
}
