import { issueCertificate } from '../../src/certificates/issue-certificate.ts';
import {
  readTlsSecret,
  tlsSecretObject,
  type OwnTlsSecret,
  type TlsSecretData,
} from '../../src/certificates/tls-secret.ts';
import type { JsonObject } from '../../src/resources/json.ts';
import type { WebhookConfiguration } from '../../src/certificates/webhook-configuration.ts';
import assert from 'node:assert/strict';

export const NAMESPACE = 'jwt-injector';
export const HOST = 'jwt-injector.jwt-injector.svc';
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
/** 2026-01-01T00:00:00Z, at which the virtual clock begins. */
export const NOW = Date.UTC(2026, 0, 1);

/** A pair of certificate and key, made at `now` by the given authority or by a new one. */
export function make(
  now: number,
  signer?: OwnTlsSecret,
  hosts: readonly string[] = [HOST],
): Promise<TlsSecretData> {
  return issueCertificate({ signer, retired: [], hosts, namespace: NAMESPACE, now });
}

/** The Secret as the API server stores it after a jwt-injector created it. */
export function wireSecret(data: Partial<TlsSecretData>, resourceVersion = '1'): JsonObject {
  const created = tlsSecretObject(data, { namespace: NAMESPACE, name: 'tls' }, undefined);
  return { ...created, metadata: { ...Object(created['metadata']), resourceVersion } };
}

/** The Secret as it is read from the API server's answer. */
export function stored(data: Partial<TlsSecretData>, resourceVersion = '1'): OwnTlsSecret {
  const read = readTlsSecret(wireSecret(data, resourceVersion), NAMESPACE);
  assert.ok(read.kind === 'own');
  return read;
}

/** A configuration of one entry with this bundle. */
export function configuration(
  caBundle: string,
  more: Partial<WebhookConfiguration> = {},
): WebhookConfiguration {
  return {
    kind: 'mutating',
    resourceVersion: '1',
    injector: undefined,
    entries: [{ index: 0, name: 'pods.tokens.osg-htc.org', host: HOST, caBundle }],
    ...more,
  };
}
