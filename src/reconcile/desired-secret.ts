import type { JsonObject, StringMap } from '../resources/json.ts';
import type { Jwt, JwtSpec } from '../resources/jwt.ts';
import {
  APP,
  EXPIRES_AT,
  GROUP,
  KIND,
  LAST_SIGNING_TIME,
  MANAGED_BY_LABEL,
  MANAGED_LABEL,
  OWNING_JWT,
  TOKEN_KEY,
  VERSION,
} from '../resources/names.ts';
import type { SecretObservation } from './observed.ts';
import { isOwner, nameOf } from './ownership.ts';
import { isLegacySecret } from './take-over.ts';
import { formatTime } from '../time/format-time.ts';
import type { Seconds } from '../time/units.ts';
import { isPruningKey, isTrackingKey } from './tracking-keys.ts';

/**
 * The resourceVersion of no Secret (etcd's first revision). An apply that carries it creates a Secret that is absent
 * and conflicts with an existing one; without one even an unforced apply would merge into a Secret that somebody
 * made meanwhile, or write an older token over ours when it arrives late.
 */
const ABSENT = '1';

/** A token as its Secret says it; when it was signed and when it expires, in seconds since the epoch, are annotations. */
interface TokenToStore {
  /** The compact JWS. */
  readonly text: string;
  readonly issuedAt: Seconds;
  readonly expiresAt: Seconds;
}

/**
 * Labels of the Secret: those of the JWT without those of tracking tools, then those of `secretTemplate`, then ours;
 * later ones win.
 *
 * @internal
 */
export function desiredLabels(jwt: Jwt, spec: JwtSpec): StringMap {
  return {
    ...without(jwt.labels, isTrackingKey),
    ...without(spec.secretTemplate.labels, isPruningKey),
    [MANAGED_BY_LABEL]: APP,
    [MANAGED_LABEL]: 'true',
  };
}

/**
 * Annotations that the JWT's author wants on the Secret.
 *
 * @internal
 */
export function templateAnnotations({ secretTemplate }: JwtSpec): StringMap {
  return without(secretTemplate.annotations, isPruningKey);
}

function without(map: StringMap, isLeftOut: (name: string) => boolean): StringMap {
  return Object.fromEntries(Object.entries(map).filter(([name]) => !isLeftOut(name)));
}

/**
 * The Secret as a server-side apply says it (Kubernetes API, Server-Side Apply). It carries the observed
 * resourceVersion, so that a Secret that came or changed meanwhile answers 409 instead of being overwritten.
 * `blockOwnerDeletion` is left out: it would need rights on `jwts/finalizers`.
 * @param hasOwner whether the JWT is to be an owner of the Secret
 */
export function desiredSecret(
  jwt: Jwt,
  spec: JwtSpec,
  { text, issuedAt, expiresAt }: TokenToStore,
  present: Pick<SecretObservation, 'resourceVersion' | 'hasOtherData'> | undefined,
  hasOwner = wantsOwner(jwt, present?.hasOtherData),
): JsonObject {
  const owner = {
    apiVersion: `${GROUP}/${VERSION}`,
    kind: KIND,
    name: jwt.name,
    uid: jwt.uid,
    controller: true,
  };
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'Opaque',
    metadata: {
      name: jwt.name,
      namespace: jwt.namespace,
      labels: desiredLabels(jwt, spec),
      annotations: {
        ...templateAnnotations(spec),
        [OWNING_JWT]: nameOf(jwt),
        [LAST_SIGNING_TIME]: String(issuedAt),
        [EXPIRES_AT]: formatTime(expiresAt),
      },
      ...(hasOwner ? { ownerReferences: [owner] } : {}),
      resourceVersion: present?.resourceVersion ?? ABSENT,
    },
    data: { [TOKEN_KEY]: Buffer.from(text).toString('base64') },
  };
}

/** An owner reference deletes the Secret with its JWT: so it has none with `Retain`, and none while it holds other data. */
export function wantsOwner(
  { isRetained }: Pick<Jwt, 'isRetained'>,
  hasOtherData: boolean | undefined,
): boolean {
  return !isRetained && hasOtherData !== true;
}

/**
 * Whether the Secret's metadata differs from what we would write: something of ours is missing or changed, or
 * something that we once wrote is no longer wanted. A Secret as token-manager left it (without `expires-at`) has
 * no drift: it is taken over at its next renewal, so that taking over writes nothing. Nor has one of an earlier version,
 * without the name of its JWT or with a copied label of a tool: that changes with the next write.
 */
export function hasDrift(jwt: Jwt, spec: JwtSpec, secret: SecretObservation, expiresAt: Seconds): boolean {
  if (isLegacySecret(secret)) return false;
  const labels = desiredLabels(jwt, spec);
  const annotations = {
    ...templateAnnotations(spec),
    [LAST_SIGNING_TIME]: String(Math.floor(expiresAt - spec.lifetime)),
    [EXPIRES_AT]: formatTime(expiresAt),
  };
  const { secretTemplate } = spec;
  const labelSources = { ...jwt.labels, ...secretTemplate.labels };
  const owned = secret.owners.some((owner) => isOwner(jwt, owner) && owner.controller);
  const named = secret.annotations[OWNING_JWT] ?? nameOf(jwt);
  return (
    owned !== wantsOwner(jwt, secret.hasOtherData) ||
    named !== nameOf(jwt) ||
    lacks(secret.labels, labels) ||
    lacks(secret.annotations, annotations) ||
    secret.ours.labels.some(isUnwanted(secret.labels, labels, labelSources)) ||
    secret.ours.annotations
      .filter((name) => name !== OWNING_JWT)
      .some(isUnwanted(secret.annotations, annotations, secretTemplate.annotations))
  );
}

/**
 * Whether what we wrote under a name is not wanted any more. Earlier versions copied every label of the JWT and whatever its
 * template has: what is still the same is left as it is.
 */
function isUnwanted(present: StringMap, wanted: StringMap, sources: StringMap): (name: string) => boolean {
  return (name) =>
    !Object.hasOwn(wanted, name) && !(Object.hasOwn(sources, name) && sources[name] === present[name]);
}

function lacks(present: StringMap, wanted: StringMap): boolean {
  return Object.entries(wanted).some(([name, value]) => present[name] !== value);
}
