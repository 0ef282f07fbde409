import { readCertificates } from '../../src/certificates/read-certificates.ts';
import { readStatus } from '../../src/kube/errors.ts';
import { ItemCutter } from '../../src/kube/list/item-cutter.ts';
import { readLines } from '../../src/kube/watch/lines.ts';
import { findKeyRefusal } from '../../src/reconcile/key-access.ts';
import { ALLOWED_NAMESPACES, OWNING_JWT } from '../../src/resources/names.ts';
import { hideSecrets } from '../../src/resources/hide-secrets.ts';
import { parseSecretMetadata } from '../../src/resources/secret.ts';
import { judgeToken } from '../../src/signing/verifiers/judge.ts';
import { withoutSecrets } from '../../src/telemetry/redact.ts';
import { COPIED, reviewOf, workload } from '../admission/workloads.ts';
import { makeJwt } from '../fixtures/jwts.ts';
import { NOW } from '../fixtures/observed.ts';
import { JSON_TEXT, type ForeignParser } from './foreign-parser.ts';

const jwt = makeJwt();
const reference = { namespace: 'keys', name: 'k', key: 'key.pem' };

/**
 * Parsers of answers of the API server and of issuers, and of objects that other users store in the cluster.
 */
export const CLUSTER_PARSERS: Readonly<Record<string, ForeignParser>> = {
  'the bytes of a list of objects': {
    readerOf: (text) => {
      const bytes = Buffer.from(text);
      return () => cut(bytes, bytes.length);
    },
    pieces: [...JSON_TEXT, '{"items":[', '{"metadata":{', '"managedFields":[', '{},', '],', '\\'],
    length: 60_000,
  },
  'the same in small pieces, as they arrive': {
    readerOf: (text) => {
      const bytes = Buffer.from(text);
      return () => cut(bytes, 16);
    },
    pieces: [...JSON_TEXT, '{"items":[', '{"metadata":{', '"managedFields":[', '{},', '],', '\\'],
    length: 60_000,
  },
  'the lines of a watch': {
    readerOf: (text) => {
      const bytes = Buffer.from(text);
      return () => drain(bytes, bytes.length);
    },
    pieces: ['\n', '{"type":"MODIFIED","object":{}}', 'a', 'é', '\r'],
    length: 60_000,
  },
  'the same in small pieces': {
    readerOf: (text) => {
      const bytes = Buffer.from(text);
      return () => drain(bytes, 16);
    },
    pieces: ['\n', '{"type":"MODIFIED","object":{}}', 'a', 'é', '\r'],
    length: 60_000,
  },
  'the metadata of a Secret': {
    readerOf: (text) => {
      const secret = { metadata: metadataOf(text) };
      return () => parseSecretMetadata(secret);
    },
    pieces: ['|', 'a', '/', 'tokens.osg-htc.org/v1', 'é', '.', ' '],
    length: 20_000,
  },
  'the grant of a key Secret': {
    readerOf: (text) => () => findKeyRefusal(jwt, reference, { annotations: { [ALLOWED_NAMESPACES]: text } }),
    pieces: ['a', ',', ' ', '\n', '*', 'science'],
    length: 10_000,
  },
  'a refusal of the API server': {
    readerOf: (text) => () =>
      readStatus(403, { message: text, reason: text, details: { causes: [{ field: text, reason: text }] } }),
    pieces: [
      'secrets "',
      '" is forbidden: ',
      'exceeded quota: ',
      'admission webhook "',
      '" denied the request',
      "ValidatingAdmissionPolicy '",
      "' with binding ",
      '" cannot patch resource "',
      '" in API group ',
      'failed calling webhook "',
      'a',
      '.',
      '-',
      ' ',
    ],
    length: 20_000,
  },
  'a bundle of certificates': {
    readerOf: (text) => () => readCertificates(text),
    pieces: [
      '-----BEGIN CERTIFICATE-----',
      '-----END CERTIFICATE-----',
      '-----',
      'MIIB',
      '=',
      '\n',
      ' ',
      'é',
    ],
    length: 60_000,
  },
  'the record of copied annotations': {
    readerOf: (text) => () =>
      reviewOf(workload({ templateMetadata: { annotations: { [COPIED]: text, [OWNING_JWT]: text } } })),
    pieces: [...JSON_TEXT, '"tokens.osg-htc.org/token":"a"'],
    length: 20_000,
  },
  'the keys of an issuer': {
    readerOf: (text) => () => judgeKeys(JSON.parse(`[${text}{}]`)),
    pieces: ['{"kid":"a"},', '{"kid":"k","kty":"EC"},', '{},', '1,', '"a",', '[],', '{"kid":{}},'],
    length: 20_000,
  },
  'lines of the log': {
    readerOf: (text) => () => withoutSecrets(`${JSON.stringify({ name: text })}\n${text}`),
    pieces: ['eyJ', 'eyJ-', '-eyJ', 'eyJhbGciOiJFUzI1NiJ9', '.', '-', 'a', ' ', '\n', '-----BEGIN', '"'],
    length: 20_000,
  },
  'a message of a command': {
    readerOf: (text) => () => hideSecrets(text),
    pieces: [
      'eyJ-',
      '-eyJ',
      'eyJhbGciOiJFUzI1NiJ9',
      '.',
      ' ',
      '-----BEGIN ',
      'PRIVATE KEY',
      '-----',
      'Proc-Type: 4,ENCRYPTED',
      'DEK-Info: AES-256-CBC,',
      '\nVersion: ',
      'Comment:',
      '-----END ',
      '\n  ',
      '"d"',
      ': "',
      'MIGHAgEA\n',
    ],
    length: 20_000,
  },
};

/**
 * Cuts all objects out of a list that arrives in chunks of `chunk` bytes. Ends where the text is not a list.
 */
function cut(bytes: Buffer, chunk: number): void {
  const cutter = new ItemCutter({ longest: bytes.length, withoutManagedFields: true });
  try {
    for (let at = 0; at < bytes.length; at += chunk) cutter.feed(bytes.subarray(at, at + chunk));
    cutter.end();
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
}

async function drain(bytes: Buffer, chunk: number): Promise<void> {
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk);
  };
  for await (const _ of readLines(chunks(), 1_000));
}

/** Labels, annotations of jwt-injector, owners and owned fields, with one entry of each between `|`. */
function metadataOf(text: string): object {
  const parts = text.split('|');
  const named = Object.fromEntries(parts.map((part, index) => [`${part}${index}`, part]));
  const owned = Object.fromEntries(parts.map((part, index) => [`f:${part}${index}`, {}]));
  return {
    labels: named,
    annotations: { ...named, [OWNING_JWT]: text, [ALLOWED_NAMESPACES]: text },
    ownerReferences: parts.map((part) => ({ apiVersion: part, kind: 'JWT', name: part, uid: part })),
    managedFields: [
      {
        manager: 'jwt-injector',
        operation: 'Apply',
        fieldsV1: { 'f:metadata': { 'f:labels': owned, 'f:annotations': owned } },
      },
    ],
  };
}

/** The verdicts of all verifiers about a token, with this set of keys. */
function judgeKeys(keys: unknown): void {
  if (!Array.isArray(keys)) return;
  const lookUp = { found: true, keys, jwksUrl: 'https://a.example/keys', isRedirected: false } as const;
  judgeToken({
    token: { header: { alg: 'ES256', kid: 'k' }, claims: { iss: 'https://a.example' } },
    bytes: 500,
    lookUps: { openid: lookUp, xrootd: lookUp },
    signature: { openid: false, xrootd: false },
    now: NOW,
  });
}
