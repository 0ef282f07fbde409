import 'reflect-metadata'; // @peculiar/x509 throws at import without it
import { randomBytes, webcrypto, type X509Certificate } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate as Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { APP } from '../resources/names.ts';
import type { Milliseconds } from '../time/units.ts';
import { AUTHORITY_LIFETIME_MS, BACKDATE_MS, LEAF_LIFETIME_MS } from './lifetimes.ts';
import { authorityName } from './own-authority.ts';
import { certificatesToPem } from './read-certificates.ts';
import type { OwnTlsSecret, TlsSecretData } from './tls-secret.ts';
import { isAddress } from './webhook-configuration.ts';

/** The certificate to issue. */
export interface CertificateRequest {
  /** The authority that signs; `undefined`: a new one. */
  readonly signer: OwnTlsSecret | undefined;
  /** Authorities that stay in `ca.crt` behind the one that signs. */
  readonly retired: readonly X509Certificate[];
  /** DNS names and IP addresses, at least one. */
  readonly hosts: readonly string[];
  readonly namespace: string;
  readonly now: Milliseconds;
}

/** ECDSA with P-256, as all TLS clients know it. */
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

interface Authority {
  readonly certificate: Certificate;
  readonly key: webcrypto.CryptoKey;
  /** PEM text. */
  readonly keyText: string;
}

/** Issues a serving certificate (RFC 5280), and an authority before it if none is given. Keys are PKCS#8. */
export async function issueCertificate(request: CertificateRequest): Promise<TlsSecretData> {
  const { signer, retired, now } = request;
  cryptoProvider.set(webcrypto);
  const given = signer === undefined ? undefined : await loadAuthority(signer);
  const authority = given ?? (await createAuthority(request));
  const keys = await generateKeys();
  const leaf = await X509CertificateGenerator.create({
    subject: `CN=${APP}`,
    issuer: authority.certificate.subject,
    notBefore: new Date(now - BACKDATE_MS),
    notAfter: new Date(Math.min(now + LEAF_LIFETIME_MS, authority.certificate.notAfter.getTime())),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: authority.key,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(
        request.hosts.map((value) => ({ type: isAddress(value) ? 'ip' : 'dns', value })),
      ),
      await AuthorityKeyIdentifierExtension.create(authority.certificate.publicKey),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return {
    'ca.crt': `${authority.certificate.toString('pem')}\n${certificatesToPem(retired)}`,
    'ca.key': authority.keyText,
    'tls.crt': `${leaf.toString('pem')}\n`,
    'tls.key': await exportKey(keys.privateKey),
  };
}

async function createAuthority({ namespace, now }: CertificateRequest): Promise<Authority> {
  const keys = await generateKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: authorityName(namespace, randomBytes(8).toString('hex')),
    notBefore: new Date(now - BACKDATE_MS),
    notAfter: new Date(now + AUTHORITY_LIFETIME_MS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate, key: keys.privateKey, keyText: await exportKey(keys.privateKey) };
}

async function loadAuthority({ authorities, authorityKey }: OwnTlsSecret): Promise<Authority | undefined> {
  const [first] = authorities;
  if (first === undefined || authorityKey === undefined) return undefined;
  const [der] = PemConverter.decode(authorityKey);
  if (der === undefined) return undefined;
  const key = await webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign']);
  return { certificate: new Certificate(first.raw), key, keyText: authorityKey };
}

async function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  return `${PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`;
}
