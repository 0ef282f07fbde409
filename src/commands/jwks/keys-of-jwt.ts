import { parsePublicJwk } from '../../reconcile/key-record.ts';
import type { Jwt } from '../../resources/jwt.ts';
import { effectiveIssuer } from '../../signing/claims.ts';
import type { KeyEntry } from '../../signing/issuer/key-set.ts';
import { readRotation } from '../rotate/rotation.ts';
import { publishedJwk } from '../../signing/key.ts';
import type { Seconds } from '../../time/units.ts';

/** Whose keys, and where they are published. */
export interface IssuerKeys {
  /** The claim `iss`; `undefined` when nothing tells. */
  readonly issuer: string | undefined;
  readonly entries: readonly KeyEntry[];
}

/** `JWT science/my-jwt`, for messages. */
export function nameJwt({ namespace, name }: Pick<Jwt, 'namespace' | 'name'>): string {
  return `JWT ${namespace === '' ? '' : `${namespace}/`}${name}`;
}

/**
 * What a JWT says that has to be published: the keys in its status, and the one of a rotation under way. No entries when
 * jwt-injector has not processed it yet. `object`: what it was read from.
 */
export function keysOfJwt(jwt: Jwt, object: unknown, now: Seconds): IssuerKeys {
  const { recorded, spec } = jwt;
  const source = nameJwt(jwt);
  const issuer = spec.ok ? effectiveIssuer(spec.value) : undefined;
  const entries: KeyEntry[] = [];
  const jwk = parsePublicJwk(recorded.publicKey ?? '');
  if (jwk !== undefined) {
    const { keyId = jwk.kid ?? '' } = recorded;
    // Earlier versions left kid and alg out.
    const complete = jwk.alg === undefined && spec.ok ? publishedJwk(jwk, keyId, spec.value.algorithm) : jwk;
    entries.push({ jwk: complete, role: 'signs', source });
  }
  for (const { publicKey, expiresAt } of recorded.retiredKeys ?? []) {
    const retired = parsePublicJwk(publicKey);
    if (retired !== undefined && expiresAt > now)
      entries.push({ jwk: retired, role: 'retired', source, until: expiresAt });
  }
  const rotation = readRotation(object);
  if (rotation !== undefined)
    entries.push({ jwk: rotation.publicKey, role: 'added', source: `the rotation of ${source}` });
  return { issuer: recorded.issuer ?? (issuer?.ok === true ? issuer.value : undefined), entries };
}
