import { createPrivateKey, type X509Certificate } from 'node:crypto';
import { readCertificates } from '../../certificates/read-certificates.ts';
import { resourcePath } from '../../kube/resource-path.ts';
import { arrayMember, objectMember, stringMember, type JsonObject } from '../../resources/json.ts';
import { APP, TLS_SECRET } from '../../resources/names.ts';
import { ok, type Result } from '../../resources/result.ts';
import { DEPLOYMENTS } from '../cluster/admin-resources.ts';
import type { Access } from '../cluster/connect.ts';
import { installedNamespace, readWebhookConfigurations } from './installed-namespace.ts';
import { findCertificateConfig } from './deployment-flags.ts';
import type { Judgement } from './finding.ts';
import { tryRead, foundValue, type ReadResult } from '../cluster/read-result.ts';
import type { CertificateSnapshot, TlsSnapshot } from './certificate-snapshot.ts';
import { SECRETS } from '../../kube/known-resources.ts';

/** Characters of base64 in one value; ours have 6,000 at most. */
const MAX_TLS_LENGTH = 262_144;

/**
 * Reads what the certificate, and who trusts it, look like.
 * @param given the namespace that jwt-injector is in, according to the caller. The one that the webhook configurations name is
 *   taken instead if there is no Deployment in it, as for other commands `-n` is the namespace of the JWTs.
 */
export async function gatherCertificates(
  { client, printer }: Pick<Access, 'client' | 'printer'>,
  given: string | undefined,
): Promise<CertificateSnapshot> {
  const configurations = await readWebhookConfigurations(client);
  const installed = installedNamespace(configurations);
  const readDeployment = (namespace: string) =>
    tryRead(() => client.get(resourcePath(DEPLOYMENTS, { namespace, name: APP })));
  let namespace = given ?? installed ?? APP;
  let deployment = await readDeployment(namespace);
  const isElsewhere = deployment.state === 'absent' && installed !== undefined && installed !== namespace;
  if (isElsewhere) {
    namespace = installed;
    deployment = await readDeployment(namespace);
  }
  const tls = await readTlsSnapshot(client, namespace, foundValue(deployment));
  const wrong = isElsewhere && given !== undefined ? { wrongNamespace: given } : {};
  return { now: Date.now(), namespace, ...wrong, printer, deployment, ...configurations, tls };
}

async function readTlsSnapshot(
  client: Access['client'],
  namespace: string,
  deployment: JsonObject | undefined,
): Promise<TlsSnapshot> {
  const found = findTlsSource(deployment);
  if (!found.ok) return { ...BY_DEFAULT, secret: { state: 'unread', why: found.problem.message } };
  const secret = await tryRead(async () => {
    const path = resourcePath(SECRETS, { namespace, name: found.value.name });
    return objectMember(await client.get(path), 'data') ?? {};
  });
  return { ...found.value, secret: readInstalledSecret(secret) };
}

type TlsSource = Pick<TlsSnapshot, 'name' | 'source'>;

const BY_DEFAULT: TlsSource = { name: TLS_SECRET, source: undefined };

function findTlsSource(deployment: JsonObject | undefined): Result<TlsSource, Judgement> {
  if (deployment === undefined) return ok(BY_DEFAULT);
  const certificate = findCertificateConfig(deployment);
  if (!certificate.ok) return certificate;
  if (certificate.value.from === 'secret') return ok({ name: certificate.value.name, source: 'self' });
  const template = objectMember(objectMember(deployment, 'spec'), 'template');
  const mounted = arrayMember(objectMember(template, 'spec'), 'volumes')
    .map((volume) => stringMember(objectMember(volume, 'secret'), 'secretName'))
    .find((name) => name !== undefined);
  return ok({ name: mounted ?? TLS_SECRET, source: 'files' });
}

/** It is installed empty. */
function readInstalledSecret(data: ReadResult<JsonObject>): TlsSnapshot['secret'] {
  if (data.state !== 'found') return data;
  return Object.keys(data.value).length === 0
    ? { state: 'absent' }
    : { state: 'found', value: readTls(data.value) };
}

/** The private key is compared, and kept nowhere. */
function readTls(data: JsonObject) {
  const text = (key: string): string => {
    const value = stringMember(data, key) ?? '';
    return value.length > MAX_TLS_LENGTH ? '' : Buffer.from(value, 'base64').toString();
  };
  const chain = readCertificates(text('tls.crt'));
  return {
    chain,
    keyFits: fitsCertificate(chain[0], text('tls.key')),
    authorities: readCertificates(text('ca.crt')),
  };
}

function fitsCertificate(certificate: X509Certificate | undefined, key: string): boolean {
  try {
    return certificate?.checkPrivateKey(createPrivateKey(key)) === true;
  } catch {
    return false;
  }
}
