import type { KeyObject, X509Certificate } from 'node:crypto';
import { nameInLine, publicKeyOf } from './read-certificates.ts';

/** OpenSSL's names of the curves that Go's TLS signs and verifies with (crypto/tls, `SignatureScheme`). */
const CURVES: ReadonlySet<string> = new Set(['prime256v1', 'secp384r1', 'secp521r1']);
/** The curves of certificates that Go can parse (crypto/x509, `namedCurveFromOID`). */
const PARSED_CURVES: ReadonlySet<string> = new Set([...CURVES, 'secp224r1']);
/** The longest key in any certificate of a server that Go's client takes (crypto/tls, `maxRSAKeySize`). */
const MAX_SENT_RSA_BITS = 8192;
/** The DER of id-ecPublicKey with a curve by its name behind it (RFC 5480, 2.1.1): Go parses no curve that is described. */
const NAMED_CURVE = Buffer.from('06072a8648ce3d020106', 'hex');
const KEYS_TO_USE = 'use P-256, P-384, P-521, RSA or Ed25519';

/** Extended key usages (RFC 5280, 4.2.1.12) that allow a server: serverAuth and any. */
const FOR_SERVERS: ReadonlySet<string> = new Set(['1.3.6.1.5.5.7.3.1', '2.5.29.37.0']);
/** Signatures that Go does not verify (crypto/x509, `InsecureAlgorithmError`), by OpenSSL's names. */
const WEAK_SIGNATURE = /md2|md5|sha1/i;

/**
 * Why the API server, a client in Go, would refuse this leaf whatever it trusts; `undefined`: not for its form. OpenSSL takes
 * all of this, and no handshake would succeed. `sent` are the certificates behind the leaf. Weak intermediates among them do
 * not count: a client can know another way from the leaf to its authority.
 */
export function whyClientsRefuse(
  leaf: X509Certificate,
  sent: readonly X509Certificate[],
): string | undefined {
  const own = whyNotServer(leaf) ?? whyNotVerified(leaf);
  if (own !== undefined) return own;
  for (const one of sent) {
    const why = whyNotParsed(one);
    if (why !== undefined)
      return `of ${nameInLine(one.subject)}, behind the server’s own certificate: ${why}`;
  }
  return undefined;
}

/** The reasons that a server's own certificate alone can have. */
function whyNotServer(leaf: X509Certificate): string | undefined {
  const key = publicKeyOf(leaf);
  const kind = kindOfKey(key);
  const isKnown =
    key?.asymmetricKeyType === 'ec'
      ? CURVES.has(curveOf(key))
      : key?.asymmetricKeyType === 'rsa' || key?.asymmetricKeyType === 'ed25519';
  if (!isKnown) return `its key is ${kind}, which the API server does not take: ${KEYS_TO_USE}`;
  if (isTooLong(key)) return `its key is ${kind}, and the API server takes at most ${MAX_SENT_RSA_BITS}`;
  return leaf.subjectAltName === undefined
    ? 'it names its hosts in the common name alone, where the API server does not look: add a subjectAltName'
    : undefined;
}

/** The reasons to be found when its signature is verified, which that of a self-signed one is not. */
function whyNotVerified(one: X509Certificate): string | undefined {
  if (!allowsServer(one.keyUsage)) return 'its extended key usage does not allow a server: add serverAuth';
  const { signatureAlgorithm = '' } = one; // Node before 24.9 does not say
  return WEAK_SIGNATURE.test(signatureAlgorithm) && !one.checkIssued(one)
    ? `it is signed with ${signatureAlgorithm}, which the API server does not take: sign it with SHA-256`
    : undefined;
}

/** Node gives the extended key usages as OIDs, and nothing where there is no such extension. */
function allowsServer(usages: readonly string[] | undefined): boolean {
  return usages === undefined || usages.some((usage) => FOR_SERVERS.has(usage));
}

/** The reasons that end a handshake, whether or not the certificate is needed. */
function whyNotParsed(one: X509Certificate): string | undefined {
  const key = publicKeyOf(one);
  const isParsed = key?.asymmetricKeyType !== 'ec' || PARSED_CURVES.has(curveOf(key));
  return isParsed && !isTooLong(key)
    ? undefined
    : `its key is ${kindOfKey(key)}, and the API server ends such a handshake: leave it out`;
}

function kindOfKey(key: KeyObject | undefined): string {
  if (key === undefined) return 'of an unknown type';
  if (key.asymmetricKeyType === 'ec') return `of the curve ${curveOf(key)}`;
  return key.asymmetricKeyType === 'rsa'
    ? `RSA of ${key.asymmetricKeyDetails?.modulusLength ?? 0} bits`
    : `of the type ${key.asymmetricKeyType ?? 'unknown'}`;
}

/** OpenSSL knows the name of a curve that is described, too. */
function curveOf(key: KeyObject): string {
  const name = key.asymmetricKeyDetails?.namedCurve ?? 'without a name';
  const isNamed = key.export({ type: 'spki', format: 'der' }).includes(NAMED_CURVE);
  return isNamed ? name : `${name}, described instead of named`;
}

function isTooLong(key: KeyObject | undefined): boolean {
  return (key?.asymmetricKeyDetails?.modulusLength ?? 0) > MAX_SENT_RSA_BITS;
}
