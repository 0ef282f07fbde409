import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { readCertificates } from '../../../src/certificates/read-certificates.ts';
import { commandPrinter } from '../../../src/commands/cluster/command-printer.ts';
import type { ReadResult } from '../../../src/commands/cluster/read-result.ts';
import { emptyCensus } from '../../../src/commands/doctor/jwt-census.ts';
import type { InstallationSnapshot } from '../../../src/commands/doctor/installation-snapshot.ts';
import { PACKAGE_VERSION } from '../../../src/package-version.ts';
import type { JsonObject } from '../../../src/resources/json.ts';
import { formatMicroTime } from '../../../src/time/format-time.ts';
import { make } from '../../certificates/made.ts';

const DEPLOY = join(import.meta.dirname, '../../../deploy');

/** JSON of an object, to be changed by a test. */
export type Wire = ReturnType<typeof JSON.parse>;

export const found = <T>(value: T): ReadResult<T> => ({ state: 'found', value });
export const ABSENT = { state: 'absent' } as const;
export const FORBIDDEN = { state: 'unread', why: 'you are not allowed to read it' } as const;

/** The shipped objects of a kind, by file below deploy/kustomize/default. */
function shipped(file: string, kind: string): Wire {
  const text = readFileSync(join(DEPLOY, 'kustomize/default', `${file}.yaml`), 'utf8');
  return parseAllDocuments(text)
    .map((document): Wire => document.toJS())
    .find((object) => object.kind === kind);
}

/** A snapshot of the shipped objects, installed and running well at `now`, with a self-issued certificate. */
export async function wellInstallation(now: number): Promise<InstallationSnapshot> {
  const pair = await make(now);
  const crd: Wire = parse(readFileSync(join(DEPLOY, 'chart/files/crd/jwts.yaml'), 'utf8'));
  crd.status = {
    conditions: [
      { type: 'NamesAccepted', status: 'True' },
      { type: 'Established', status: 'True' },
    ],
  };
  const deployment = shipped('deployment', 'Deployment');
  for (const container of deployment.spec.template.spec.containers)
    container.image = `registry:5000/jwt-injector:${PACKAGE_VERSION}`;
  deployment.status = { replicas: 2, readyReplicas: 2, updatedReplicas: 2 };
  const trusting = (object: Wire): JsonObject => {
    for (const entry of object.webhooks)
      entry.clientConfig.caBundle = Buffer.from(pair['ca.crt']).toString('base64');
    return object;
  };
  const lease = {
    spec: { holderIdentity: 'a', leaseDurationSeconds: 15, renewTime: formatMicroTime(now - 2_000) },
  };
  return {
    now,
    version: PACKAGE_VERSION,
    namespace: 'jwt-injector',
    tryNamespace: 'default',
    printer: commandPrinter({}),
    server: { version: 'v1.34.1', clockAhead: 400 },
    api: found({ namespaced: true, hasStatus: true }),
    crd: found(crd),
    deployment: found(deployment),
    controller: ABSENT,
    service: found(shipped('service', 'Service')),
    endpointSlices: found([{ endpoints: [{ conditions: { ready: true } }] }]),
    lease: found(lease),
    deliveryBinding: ABSENT,
    editRole: found(shipped('edit-role', 'ClusterRole')),
    mutating: found(trusting(shipped('mutating-webhooks', 'MutatingWebhookConfiguration'))),
    validating: found(trusting(shipped('jwt-webhook', 'ValidatingWebhookConfiguration'))),
    tls: {
      name: 'jwt-injector-tls',
      source: 'self',
      secret: found({
        chain: [new X509Certificate(pair['tls.crt'])],
        keyFits: true,
        authorities: readCertificates(pair['ca.crt']),
      }),
    },
    missingRights: found([]),
    mayCreateJwts: found(true),
    triedPod: found({ outcome: 'injected' }),
    jwts: found({ ...emptyCensus(undefined), seen: new Set(['a/b']) }),
    oldDeployments: found([]),
  };
}
