import type { ObjectName } from '../resources/object-key.ts';
import { createPrivateKey, type X509Certificate } from 'node:crypto';
import { member, objectMember, stringMap, stringMember, type JsonObject } from '../resources/json.ts';
import { APP, APP_LABEL } from '../resources/names.ts';
import { isIssuedByOwn, isOwnAuthority } from './own-authority.ts';
import { readCertificate, readCertificates, certificatesToPem } from './read-certificates.ts';

/** The Secret of the certificate, as it was seen. */
export type TlsSecret =
  { readonly kind: 'absent' } | { readonly kind: 'foreign'; readonly why: string } | OwnTlsSecret;

/**
 * The Secret that was installed for jwt-injector, or that it made. What in it cannot be used is left out: it will be
 * replaced.
 */
export interface OwnTlsSecret {
  readonly kind: 'own';
  readonly resourceVersion: string;
  /** The first one signs; the others did so before, and are trusted for a while. */
  readonly authorities: readonly X509Certificate[];
  /** PEM text (PKCS#8) of the first one's private key, ECDSA with P-256. */
  readonly authorityKey: string | undefined;
  readonly pair: ServingPair | undefined;
}

/** A certificate for serving with its private key, as PEM texts that belong together. */
export interface ServingPair {
  readonly cert: string;
  readonly key: string;
  readonly leaf: X509Certificate;
}

/** The data to write: PEM texts by the Secret's keys. */
export interface TlsSecretData {
  readonly 'ca.crt': string;
  readonly 'ca.key': string;
  readonly 'tls.crt': string;
  readonly 'tls.key': string;
}

const DATA_KEYS: ReadonlySet<string> = new Set<keyof TlsSecretData>([
  'ca.crt',
  'ca.key',
  'tls.crt',
  'tls.key',
]);
const TYPE = 'Opaque'; // kubernetes.io/tls demands tls.crt and tls.key, and removing one is how an admin asks for a new one
/**
 * An upgrade by Helm leaves out a Secret that it did not make, and would delete it if an earlier revision had one of
 * that name.
 */
const KEPT = { 'helm.sh/resource-policy': 'keep' };
/** OpenSSL's name of P-256. */
const CURVE = 'prime256v1';
/** Base64 characters of one value; ours have 6,000 at most. */
const MAX_VALUE_LENGTH = 65_536;

/**
 * Reads the wire Secret; `namespace` is the one it is in. The words about a foreign one continue a sentence that begins
 * with "it".
 */
export function readTlsSecret(secret: JsonObject, namespace: string): TlsSecret {
  const data = stringMap(member(secret, 'data'));
  const why = whyForeign(secret, data);
  if (why !== undefined) return { kind: 'foreign', why };
  const text = (key: keyof TlsSecretData): string => Buffer.from(data[key] ?? '', 'base64').toString();
  const authorities = readCertificates(text('ca.crt'));
  const leaf = readCertificate(text('tls.crt'));
  const isOurs =
    authorities.every((authority) => isOwnAuthority(authority, namespace)) &&
    (leaf === undefined || isIssuedByOwn(leaf, namespace));
  if (!isOurs) return { kind: 'foreign', why: 'holds a certificate of another authority' };
  const [first] = authorities;
  return {
    kind: 'own',
    resourceVersion: stringMember(objectMember(secret, 'metadata'), 'resourceVersion') ?? '',
    authorities,
    authorityKey: first === undefined ? undefined : keyOf(first, text('ca.key')),
    pair: leaf === undefined ? undefined : readPair(leaf, text('tls.key')),
  };
}

function whyForeign(secret: JsonObject, data: Readonly<Record<string, string>>): string | undefined {
  const labels = stringMap(member(objectMember(secret, 'metadata'), 'labels'));
  const type = stringMember(secret, 'type') ?? TYPE;
  if (type !== TYPE) return `has the type ${type}`;
  if (labels[APP_LABEL] !== APP) return `lacks the label ${APP_LABEL}=${APP}`;
  if (member(secret, 'immutable') === true) return 'is immutable';
  if (!Object.keys(data).every((key) => DATA_KEYS.has(key))) return 'holds other keys than ours';
  if (Object.values(data).some(({ length }) => length > MAX_VALUE_LENGTH))
    return 'holds values that are too long';
  return undefined;
}

function readPair(leaf: X509Certificate, key: string): ServingPair | undefined {
  const own = keyOf(leaf, key);
  return own === undefined ? undefined : { cert: certificatesToPem([leaf]), key: own, leaf };
}

/** PKCS#8 as PEM text, if it is the certificate's private key and one as we make them. */
function keyOf(certificate: X509Certificate, text: string): string | undefined {
  try {
    const key = createPrivateKey(text);
    const isUsable = key.asymmetricKeyDetails?.namedCurve === CURVE && certificate.checkPrivateKey(key);
    return isUsable ? key.export({ format: 'pem', type: 'pkcs8' }).toString() : undefined;
  } catch {
    return undefined;
  }
}

/**
 * A whole wire Secret, or what a merge patch changes: the data alone, since the labels belong to the installation.
 * `replacedVersion`: the resourceVersion that is written over; `undefined`: the Secret is created.
 */
export function tlsSecretObject(
  data: Partial<TlsSecretData>,
  place: ObjectName,
  replacedVersion: string | undefined,
): JsonObject {
  const created = { ...place, labels: { [APP_LABEL]: APP }, annotations: KEPT };
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: replacedVersion === undefined ? created : { ...place, resourceVersion: replacedVersion },
    type: TYPE,
    data: Object.fromEntries(
      Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
    ),
  };
}
