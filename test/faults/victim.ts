import type { KeyObject } from 'node:crypto';
import type { Loose } from '../integration/objects.ts';
import type { Ground } from './ground.ts';
import type { TrackedJwt } from './tracked-jwt.ts';

/** The Secret of a JWT that is about to be vandalised, and what it takes to make tokens of its key. */
export interface Victim {
  readonly ground: Ground;
  readonly jwt: TrackedJwt;
  readonly key: KeyObject;
}

/** Names on the Secret, which are public. */
export const MANAGED = 'tokens.osg-htc.org/managed';
export const SIGNED_AT = 'tokens.osg-htc.org/last-signing-time';
export const EXPIRES_AT = 'tokens.osg-htc.org/expires-at';
export const NAMED = 'tokens.osg-htc.org/jwt';

export const encode = (text: string): string => Buffer.from(text).toString('base64');
export const annotate = ({ jwt }: Victim, annotations: Loose): Promise<void> =>
  jwt.patchSecret({ metadata: { annotations } });

/** Everything around the token is as documented. */
export function isInOrder({ secret, token, jwt }: TrackedJwt): boolean {
  const { labels = {}, annotations = {}, ownerReferences = [] } = secret?.metadata ?? {};
  const [owner] = ownerReferences;
  const isShared = Object.keys(secret?.data ?? {}).length > 1;
  return (
    labels[MANAGED] === 'true' &&
    labels['app.kubernetes.io/managed-by'] === 'jwt-injector' &&
    Date.parse(annotations[EXPIRES_AT] ?? '') === (token?.claims.exp ?? 0) * 1000 &&
    Number(annotations[SIGNED_AT]) === (token?.claims.iat ?? 0) + 60 &&
    (isShared ? owner === undefined : owner?.uid === jwt?.metadata.uid && owner.controller === true) &&
    annotations[NAMED] === `${jwt?.metadata.namespace}/${jwt?.metadata.name}`
  );
}

/** How often each is tried. */
export const TRIES = { short: 1, full: 3 };
