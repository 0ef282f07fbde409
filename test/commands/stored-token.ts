import { GROUP, MANAGED_LABEL, OWNING_JWT, VERSION } from '../../src/resources/names.ts';
import { wireJwt } from '../fixtures/jwts.ts';
import type { StoredApi } from './stored-api.ts';

/** Stores a JWT in the namespace `science`, and its Secret with this text as the token, valid or not. */
export function storeToken({ objects }: StoredApi, name: string, token: string): void {
  const namespace = 'science';
  const jwt = wireJwt({}, { metadata: { name, uid: `uid-of-${name}` } });
  objects.set(`/apis/${GROUP}/${VERSION}/namespaces/${namespace}/jwts/${name}`, jwt);
  const metadata = {
    namespace,
    name,
    labels: { [MANAGED_LABEL]: 'true' },
    annotations: { [OWNING_JWT]: `${namespace}/${name}` },
  };
  const data = { token: Buffer.from(token).toString('base64') };
  objects.set(`/api/v1/namespaces/${namespace}/secrets/${name}`, { kind: 'Secret', metadata, data });
}

/**
 * A token with any header and claims, whose signature is not valid. `claims` can be a JSON text that no
 * JavaScript value gives.
 */
export function writeToken(header: object, claims: object | string): string {
  const parts = [JSON.stringify(header), typeof claims === 'string' ? claims : JSON.stringify(claims), 'x'];
  return parts.map((part) => Buffer.from(part).toString('base64url')).join('.');
}
