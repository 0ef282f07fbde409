import type { JWK } from 'jose';
import { isDataKey, isObjectName } from '../../resources/object-name.ts';
import { parsePublicJwk } from '../../reconcile/key-record.ts';
import { member, objectMember, stringMember, type JsonObject } from '../../resources/json.ts';
import { ROTATION } from '../../resources/names.ts';
import { isNewKeyAlgorithm, type NewKeyAlgorithm } from '../../signing/generate-key.ts';
import { formatTime, parseTime } from '../../time/format-time.ts';
import type { Seconds } from '../../time/units.ts';

/** How far a rotation is, as the annotation of the JWT keeps it between two runs. Times in seconds since the epoch. */
export interface Rotation {
  /** The Secret of the new private key, in the namespace of the JWT, with the data key `key.pem`. */
  readonly secret: string;
  /** The public key, with `kid` and `alg`. */
  readonly publicKey: JWK & { readonly kid: string; readonly alg: NewKeyAlgorithm };
  /** The `kid` that is replaced. */
  readonly previousKeyId: string;
  /** The RFC 7638 thumbprint of that key: others may have the same `kid`. `undefined` where nobody recorded it. */
  readonly previousThumbprint: string | undefined;
  /** The Secret of the key that is replaced, if it has one in the namespace. */
  readonly previousSecret: string | undefined;
  /** The data key of that Secret under which it is; `undefined` where nobody recorded it. */
  readonly previousDataKey: string | undefined;
  /** How long both keys are published before the new one signs: the longest that a run was asked for. */
  readonly wait: Seconds | undefined;
  /** When the new key was seen at every URL for the first time. */
  readonly publishedAt: Seconds | undefined;
  /** When the JWT was changed to it. */
  readonly switchedAt: Seconds | undefined;
}

/**
 * The rotation in the annotation of a JWT's wire JSON; `undefined` without one that can be read. Everybody who may change
 * the JWT may write it, so names of Secrets count only if they are valid: a flag of kubectl is not.
 */
export function readRotation(object: unknown): Rotation | undefined {
  const annotations = objectMember(objectMember(object, 'metadata'), 'annotations');
  const record = parseJson(stringMember(annotations, ROTATION));
  const publicKey = parsePublicJwk(JSON.stringify(member(record, 'publicKey') ?? ''));
  const [secret, previousKeyId] = [stringMember(record, 'secret'), stringMember(record, 'previousKeyId')];
  const [kid, alg = ''] = [stringMember(publicKey, 'kid'), stringMember(publicKey, 'alg')];
  if (publicKey === undefined || kid === undefined || !isNewKeyAlgorithm(alg)) return undefined;
  if (secret === undefined || !isObjectName(secret) || previousKeyId === undefined) return undefined;
  const previousSecret = stringMember(record, 'previousSecret');
  const previousDataKey = stringMember(record, 'previousDataKey');
  const wait = member(record, 'wait');
  return {
    secret,
    publicKey: { ...publicKey, kid, alg },
    previousKeyId,
    previousThumbprint: stringMember(record, 'previousThumbprint'),
    previousSecret: previousSecret !== undefined && isObjectName(previousSecret) ? previousSecret : undefined,
    previousDataKey:
      previousDataKey !== undefined && isDataKey(previousDataKey) ? previousDataKey : undefined,
    wait: typeof wait === 'number' ? wait : undefined,
    publishedAt: parseTime(member(record, 'publishedAt')),
    switchedAt: parseTime(member(record, 'switchedAt')),
  };
}

/** The annotation that `readRotation` reads; `null` in a merge patch removes it. */
export function rotationAnnotation(rotation: Rotation | undefined): JsonObject {
  if (rotation === undefined) return { [ROTATION]: null };
  const { publishedAt, switchedAt, ...rest } = rotation;
  const times = {
    ...(publishedAt === undefined ? {} : { publishedAt: formatTime(publishedAt) }),
    ...(switchedAt === undefined ? {} : { switchedAt: formatTime(switchedAt) }),
  };
  return { [ROTATION]: JSON.stringify({ ...rest, ...times }) };
}

function parseJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
