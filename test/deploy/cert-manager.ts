import { findIssuer } from '../../src/certificates/ca-bundle.ts';
import { readCertificate, readCertificates } from '../../src/certificates/read-certificates.ts';
import { askApi } from '../controlplane/api-request.ts';
import { createCertificateAuthority, type CertificateAuthority } from '../controlplane/certificates.ts';
import type { Cluster } from '../controlplane/cluster.ts';

const NAMESPACE = 'jwt-injector';
const HOST = 'jwt-injector.jwt-injector.svc';
/** The address of the webhook in a cluster without nodes. */
const ADDRESS = '127.0.0.1';
const SECRETS = `/api/v1/namespaces/${NAMESPACE}/secrets`;
const CONFIGURATIONS = ['mutating', 'validating'].map(
  (kind) => `/apis/admissionregistration.k8s.io/v1/${kind}webhookconfigurations/jwt-injector`,
);
const CERTIFICATE = `/apis/cert-manager.io/v1/namespaces/${NAMESPACE}/certificates/jwt-injector`;

/** A program of the test that does the work of cert-manager. */
export interface CertManager {
  /** Certificate authorities by the names of their issuers. Tests can add more. */
  readonly authorities: Map<string, CertificateAuthority>;
  /** Does once what has to be done; to be called again and again. */
  look(): Promise<void>;
}

interface Secret {
  readonly data?: Readonly<Record<string, string>>;
}

interface Certificate {
  readonly spec: { readonly secretName: string; readonly issuerRef: { readonly name: string } };
  readonly status?: unknown;
}

interface Configuration {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly webhooks: { readonly clientConfig: { caBundle?: string } }[];
}

/**
 * Does what cert-manager does with its Certificate, as its documentation describes: issues a certificate into
 * the Secret that is named there, and a new one if the issuer changed or the Secret is gone. If a
 * configuration asks for it, replaces `caBundle` by the CA in that Secret.
 */
export async function playCertManager(cluster: Cluster): Promise<CertManager> {
  const authorities = new Map([['jwt-injector', await createCertificateAuthority('cert-manager')]]);
  const ask = async <T>(path: string): Promise<T | undefined> => {
    const { status, body } = await askApi(cluster.access, 'GET', path);
    if (status === 404) return undefined;
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${body}`);
    return JSON.parse(body) as T;
  };

  async function issue({ spec, status }: Certificate): Promise<void> {
    const { secretName, issuerRef } = spec;
    const authority = authorities.get(issuerRef.name);
    if (authority === undefined) throw new Error(`there is no issuer ${issuerRef.name}`);
    const secret = await ask<Secret>(`${SECRETS}/${secretName}`);
    const leaf = readCertificate(Buffer.from(secret?.data?.['tls.crt'] ?? '', 'base64').toString());
    const isIssued = leaf !== undefined && findIssuer(leaf, readCertificates(authority.certificate));
    if (!isIssued) await issueInto(secretName, authority);
    if (status !== undefined) return;
    const conditions = [{ type: 'Ready', status: 'True', reason: 'Ready', message: 'issued' }];
    const patch = ['--subresource=status', '--type=merge', '-p', JSON.stringify({ status: { conditions } })];
    await cluster.kubectl(['patch', 'certificate', 'jwt-injector', '-n', NAMESPACE, ...patch]);
  }

  async function issueInto(secretName: string, authority: CertificateAuthority): Promise<void> {
    const pair = await authority.issue([HOST], [ADDRESS]);
    const stringData = {
      'ca.crt': authority.certificate,
      'tls.crt': pair.certificate,
      'tls.key': pair.key,
    };
    await cluster.apply(
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: secretName, namespace: NAMESPACE },
        type: 'kubernetes.io/tls',
        stringData,
      }),
    );
  }

  async function inject({ spec }: Certificate): Promise<void> {
    const secret = await ask<Secret>(`${SECRETS}/${spec.secretName}`);
    const bundle = secret?.data?.['ca.crt'];
    if (bundle === undefined) return;
    for (const path of CONFIGURATIONS) {
      const object = await ask<Configuration>(path);
      if (object?.metadata.annotations?.['cert-manager.io/inject-ca-from'] === undefined) continue;
      if (object.webhooks.every(({ clientConfig }) => clientConfig.caBundle === bundle)) continue;
      for (const { clientConfig } of object.webhooks) clientConfig.caBundle = bundle;
      await askApi(cluster.access, 'PUT', path, object);
    }
  }

  return {
    authorities,
    look: async () => {
      const certificate = await ask<Certificate>(CERTIFICATE);
      if (certificate === undefined) return;
      await issue(certificate);
      await inject(certificate);
    },
  };
}
