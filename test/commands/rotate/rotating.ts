import { rotationAnnotation, type Rotation } from '../../../src/commands/issuer/rotation.ts';
import { rotateCommand } from '../../../src/commands/rotate.ts';
import { ROTATION } from '../../../src/resources/names.ts';
import { toSeconds } from '../../../src/time/units.ts';
import { wireJwt } from '../../fixtures/jwts.ts';
import type { Loose } from '../../integration/objects.ts';
import type { CommandResult } from '../captured-io.ts';
import { startStoredApi, type Interference, type StoredApi } from '../stored-api.ts';

export const JWT = '/apis/tokens.osg-htc.org/v1/namespaces/science/jwts/my-jwt';
export const SECRETS = '/api/v1/namespaces/science/secrets';
export const ISSUER = 'https://issuer.example.com/';
export const publicJwk = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y', alg: 'ES256', use: 'sig' } as const;
/** The new key exists, and signs nothing yet. */
export const made: Rotation = {
  secret: 'my-jwt-key-00000000',
  publicKey: { ...publicJwk, kid: 'new' },
  previousKeyId: 'old',
  previousThumbprint: undefined,
  previousSecret: 'my-key',
  previousDataKey: 'key.pem',
  wait: undefined,
  publishedAt: undefined,
  switchedAt: undefined,
};
/** The new key has been signing for a day. */
export const switched: Rotation = { ...made, switchedAt: toSeconds(Date.now()) - 86_400 };

/** Removes the old key, and nothing that may be beside it. */
export const REMOVES_KEY = `kubectl patch secret my-key -n science --type=json -p '[{"op":"remove","path":"/data/key.pem"}]'`;

/** The JWT `science/my-jwt` on an API server, with a service that signs at once, and `rotate`. */
export interface Rotating extends AsyncDisposable {
  readonly api: StoredApi;
  /** Puts the JWT into this state of its rotation. */
  readonly begin: (rotation: Rotation | undefined, more?: { key?: Loose; status?: Loose }) => void;
  readonly rotate: (...args: readonly string[]) => Promise<CommandResult>;
  /** Changes the answer to the next request of this kind only. */
  readonly atNext: (method: string, interference: Interference) => void;
  /** The value of the annotation; `undefined` (which `Loose` includes) without one. */
  readonly record: () => Loose;
}

export const keyText = (kid: string): string => JSON.stringify({ ...publicJwk, kid });

export async function startRotating(): Promise<Rotating> {
  const api = await startStoredApi();
  // Like the service, it signs with the key that the spec names.
  api.follow = (object) => {
    if (object.kind !== 'JWT') return;
    const { keyId } = object.spec;
    object.status = { ...object.status, keyId, publicKey: keyText(keyId) };
  };
  return {
    api,
    begin: (rotation, { key: named, status = {} } = {}) => {
      const isOld = rotation?.switchedAt === undefined;
      const keyId = isOld ? 'old' : rotation.publicKey.kid;
      const key = named ?? { secret: { name: isOld ? 'my-key' : rotation.secret, key: 'key.pem' } };
      const annotations = rotation === undefined ? {} : rotationAnnotation(rotation);
      const recorded = { keyId, publicKey: keyText(keyId), issuer: ISSUER, ...status };
      api.objects.set(JWT, wireJwt({ keyId, key }, { metadata: { annotations }, status: recorded }));
      if (rotation === undefined) return;
      const metadata = { name: rotation.secret, namespace: 'science', resourceVersion: '8' };
      api.objects.set(`${SECRETS}/${rotation.secret}`, { metadata });
    },
    rotate: (...args) => api.run(rotateCommand, 'my-jwt', '-n', 'science', '-o', 'json', ...args),
    atNext: (method, interference) => {
      api.interfere = (request, response) => {
        if (request.method !== method) return undefined;
        api.interfere = () => undefined;
        return interference(request, response);
      };
    },
    record: () => {
      const text = api.objects.get(JWT).metadata.annotations?.[ROTATION];
      return text === undefined ? undefined : JSON.parse(text);
    },
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
}
