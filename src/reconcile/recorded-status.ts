import { isJsonObject, member, stringMember, type JsonObject } from '../resources/json.ts';
import type { RecordedStatus } from './observed.ts';

/** Reads what earlier runs wrote into `status`; members that do not fit count as absent. */
export function readRecordedStatus(status: JsonObject): RecordedStatus {
  const generation = member(status, 'observedGeneration');
  const renewals = member(status, 'renewals');
  return {
    observedGeneration: typeof generation === 'number' ? generation : undefined,
    keyVersion: stringMember(status, 'keyVersion'),
    keyThumbprint: stringMember(status, 'keyThumbprint'),
    // A round reads the record several times, and the key only where it verifies with it.
    get publicJwk() {
      return parsePublicJwk(stringMember(status, 'publicKey'));
    },
    tokenId: stringMember(status, 'tokenId'),
    lastRenew: stringMember(status, 'lastRenew'),
    renewals: typeof renewals === 'number' ? renewals : 0,
  };
}

/** The JWK in `status.publicKey`; `undefined` when there is none. */
export function parsePublicJwk(text: string | undefined): RecordedStatus['publicJwk'] {
  if (text === undefined) return undefined;
  try {
    const jwk: unknown = JSON.parse(text);
    return isJsonObject(jwk) && typeof jwk['kty'] === 'string' ? { ...jwk, kty: jwk['kty'] } : undefined;
  } catch {
    return undefined;
  }
}
