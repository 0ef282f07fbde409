import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { ControlPlane } from '../../controlplane/control-plane.ts';
import { BUSYBOX_IMAGE } from '../image/test-images.ts';

/** The program that is built from this checkout, which runs on this machine. */
export const CLI = join(import.meta.dirname, '../../../dist/main.js');

/** The short name, as users write it. */
export const BUSYBOX = BUSYBOX_IMAGE.replace('docker.io/library/', '');

/** The annotation that asks for the token of JWT `tok`. */
export const ASKS_FOR_TOKEN = { 'tokens.osg-htc.org/token': 'tok' };

/** The settings that Pod Security `restricted` requires, and a read-only root file system. */
export const RESTRICTED_POD = {
  runAsNonRoot: true,
  runAsUser: 65_534,
  runAsGroup: 65_534,
  seccompProfile: { type: 'RuntimeDefault' },
};
export const RESTRICTED_CONTAINER = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
};

/** Creates a user's namespace with a key and the JWTs `tok` and `other.tok`, both Ready. */
export async function makeScienceNamespace(
  controlPlane: ControlPlane,
  name: string,
  podSecurity: 'baseline' | 'restricted',
): Promise<void> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' });
  const namespace = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: { 'pod-security.kubernetes.io/enforce': podSecurity } },
  };
  await controlPlane.apply(stringify(namespace));
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'my-key', namespace: name },
    stringData: { 'key.pem': key },
  };
  const jwts = ['tok', 'other.tok'].map((jwt) => scienceJwt(name, jwt));
  await controlPlane.apply([secret, ...jwts].map((one) => stringify(one)).join('---\n'));
  await controlPlane.kubectl(['wait', 'jwt', '--all', '-n', name, '--for=condition=Ready', '--timeout=60s']);
}

/** A JWT that signs with the key of such a namespace. */
export function scienceJwt(namespace: string, name: string): object {
  return {
    apiVersion: 'tokens.osg-htc.org/v1',
    kind: 'JWT',
    metadata: { name, namespace },
    spec: {
      issuer: 'https://issuer.example.com/',
      keyId: 'k1',
      algorithm: 'ES256',
      data: {
        scope: 'storage.read:/',
        sub: 'john.doe',
        aud: ['https://wlcg.cern.ch/jwt/v1/any'],
        'wlcg.ver': '1.0',
      },
      expiryTime: { hours: 6 },
      key: { secret: { name: 'my-key', key: 'key.pem' } },
    },
  };
}
