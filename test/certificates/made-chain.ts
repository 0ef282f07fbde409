import 'reflect-metadata'; // @peculiar/x509 throws at import without it
import { webcrypto, X509Certificate as NodeCertificate } from 'node:crypto';
import {
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsageExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** A certificate, and what signs others with it. */
export interface Link {
  readonly subject: string;
  readonly keys: webcrypto.CryptoKeyPair;
  readonly pem: string;
  readonly certificate: NodeCertificate;
  /** PKCS#8 as PEM text. */
  readonly key: string;
}

export interface LinkOptions {
  /** `undefined`: it signs itself. */
  readonly by?: Link;
  /** The keys of another certificate, which it takes the place of. */
  readonly keys?: webcrypto.CryptoKeyPair;
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly until: number;
  /** OIDs. */
  readonly usages?: readonly string[];
  /** Its only name; `localhost` otherwise. */
  readonly host?: string;
  readonly hash?: 'SHA-1' | 'SHA-256';
}

/** One certificate of a chain; each may be a server's and an authority's at once. */
export async function makeLink(name: string, options: LinkOptions): Promise<Link> {
  const { by, from, until, usages, host = 'localhost', hash = 'SHA-256' } = options;
  cryptoProvider.set(webcrypto);
  const keys = options.keys ?? (await webcrypto.subtle.generateKey(P256, true, ['sign', 'verify']));
  const subject = `CN=${name}`;
  const made = await X509CertificateGenerator.create({
    subject,
    issuer: by?.subject ?? subject,
    notBefore: new Date(from),
    notAfter: new Date(until),
    signingAlgorithm: { ...P256, hash },
    publicKey: keys.publicKey,
    signingKey: (by?.keys ?? keys).privateKey,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new SubjectAlternativeNameExtension([{ type: 'dns', value: host }]),
      ...(usages === undefined ? [] : [new ExtendedKeyUsageExtension([...usages])]),
    ],
  });
  const pem = `${made.toString('pem')}\n`;
  const key = PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  return { subject, keys, pem, certificate: new NodeCertificate(pem), key: `${key}\n` };
}
