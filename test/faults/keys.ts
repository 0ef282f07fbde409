import { createPublicKey, type KeyObject } from 'node:crypto';
import { makeKey, makeRsaKey, toPem } from '../fixtures/keys.ts';
import { pathOf } from './api.ts';
import type { Fault } from './fault.ts';
import { ONE_MINUTE, type Ground } from './ground.ts';
import type { TrackedJwt } from './tracked-jwt.ts';

const TRIES = { short: 1, full: 2 };
const REST_MS = 1_000; // a needless write comes within some milliseconds after the read

/** A form in which a private key can be stored in its Secret. */
interface Form {
  readonly name: string;
  readonly title: string;
  readonly algorithm?: string;
  readonly write: (key: KeyObject) => string;
}

const toJwk = (key: KeyObject): string => JSON.stringify(key.export({ format: 'jwk' }));

const FORMS: readonly Form[] = [
  { name: 'pkcs8', title: 'PKCS#8', write: (key) => toPem(key) },
  { name: 'sec1', title: 'SEC1', write: (key) => toPem(key, 'sec1') },
  { name: 'pkcs1', title: 'PKCS#1', algorithm: 'RS256', write: (key) => toPem(key, 'pkcs1') },
  { name: 'jwk', title: 'JWK', write: toJwk },
  { name: 'crlf', title: 'CRLF line ends', write: (key) => toPem(key).replaceAll('\n', '\r\n') },
  {
    name: 'junk',
    title: 'text behind it',
    write: (key) => `${toPem(key)}\nthis is the key of the telescope\n`,
  },
];

const GOOD: readonly Fault[] = FORMS.map(({ name, title, algorithm = 'ES256', write }) => ({
  name: `key-changed-${name}`,
  title: `another key under the same kid, as ${title}; then the same key in another form`,
  isLocal: true,
  tries: TRIES,
  play: async (ground) => {
    const jwt = await ground.sign('signer', { spec: { algorithm } });
    const before = jwt.text;
    const next = makeKey(algorithm);
    await jwt.endure('signed with the new key', {
      harm: async () => {
        jwt.noteKey(next, 'signer-1');
        await ground.storeKey('signer-key', write(next));
      },
      until: () => jwt.isRenewed(before) && jwt.says('KeyIdReused', 'True'),
    });
    await keepSameKey(ground, jwt, name === 'jwk' ? toPem(next) : toJwk(next));
  },
}));

/**
 * A key that only changes its form is read once and leads to no write; its version is written with the next
 * change.
 */
async function keepSameKey(ground: Ground, jwt: TrackedJwt, content: string): Promise<void> {
  const { log } = ground.arena.main().proxy;
  const countReads = (): number =>
    log.filter(({ method, path, status }) => method === 'GET' && path === keyPath(ground) && status === 200)
      .length;
  await ground.rest(0);
  const { text } = jwt;
  const { resourceVersion } = jwt.jwt.metadata;
  const reads = countReads();
  const stored = await ground.storeKey('signer-key', content);
  await jwt.waitFor('the key is read in its other form', () => countReads() > reads);
  await ground.rest(REST_MS);
  if (jwt.text !== text) ground.fail('I4', 'the same key in another form led to a new token');
  if (jwt.jwt.metadata.resourceVersion !== resourceVersion)
    ground.fail('I4', 'the same key in another form led to a new status');
  if (countReads() !== reads + 1) ground.fail('I4', 'the same key in another form was read more than once');
  const before = await jwt.requestRenewal();
  await jwt.waitFor('a new token', () => jwt.isRenewed(before));
  const version = `${stored.metadata.uid}/${stored.metadata.resourceVersion}/key.pem`;
  if (jwt.jwt.status.keyVersion !== version)
    ground.fail('recovery', `the status names the key as ${jwt.jwt.status.keyVersion}, not ${version}`);
}

/** A change that makes a key unusable, and the reason that is reported. */
interface Spoiling {
  readonly name: string;
  readonly title: string;
  readonly algorithm?: string;
  readonly spoil: (ground: Ground) => Promise<unknown>;
  readonly reason: string;
}

const put = (text: () => string) => (ground: Ground) => ground.storeKey('signer-key', text());
const keyPath = ({ namespace }: Ground): string => pathOf('secrets', namespace, 'signer-key');

const SPOILINGS: readonly Spoiling[] = [
  {
    name: 'other-type',
    title: 'an RSA key for ES256',
    spoil: put(() => toPem(makeRsaKey(2048))),
    reason: 'KeyMismatch',
  },
  {
    name: 'other-curve',
    title: 'a P-384 key for ES256',
    spoil: put(() => toPem(makeKey('ES384'))),
    reason: 'KeyMismatch',
  },
  {
    name: 'short-rsa',
    title: 'an RSA key of 1024 bits',
    algorithm: 'RS256',
    spoil: put(() => toPem(makeRsaKey(1024))),
    reason: 'KeyTooShort',
  },
  { name: 'encrypted', title: 'an encrypted key', spoil: put(encryptedPem), reason: 'KeyUnreadable' },
  { name: 'public', title: 'only the public half', spoil: put(publicPem), reason: 'KeyUnreadable' },
  {
    name: 'truncated',
    title: 'half of a key',
    spoil: put(() => toPem(makeKey('ES256')).replace(/.{40}\n-----END/, '\n-----END')),
    reason: 'KeyUnreadable',
  },
  {
    name: 'deleted',
    title: 'its Secret deleted',
    spoil: (ground) => ground.arena.api.remove(keyPath(ground)),
    reason: 'KeyNotFound',
  },
  {
    name: 'entry-removed',
    title: 'its entry of the Secret removed',
    spoil: (ground) => ground.arena.api.merge(keyPath(ground), { data: null }),
    reason: 'KeyNotFound',
  },
  {
    name: 'policy',
    title: 'a policy on it that this version cannot keep',
    spoil: (ground) =>
      ground.arena.api.merge(keyPath(ground), {
        metadata: { annotations: { 'tokens.osg-htc.org/max-lifetime': '1h' } },
      }),
    reason: 'PolicyDenied',
  },
];

function encryptedPem(): string {
  return makeKey('ES256')
    .export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'secret' })
    .toString();
}

function publicPem(): string {
  return createPublicKey(makeKey('ES256')).export({ format: 'pem', type: 'spki' }).toString();
}

const BAD: readonly Fault[] = SPOILINGS.map(({ name, title, algorithm = 'ES256', spoil, reason }) => ({
  name: `key-spoilt-${name}`,
  title: `key replaced by ${title}: ${reason}, the token stays and stays Ready; then the key is restored`,
  isLocal: true,
  tries: TRIES,
  play: async (ground) => {
    const key = makeKey(algorithm);
    const jwt = await ground.sign('signer', { key, spec: { algorithm } });
    const before = jwt.text;
    await spoil(ground);
    await jwt.waitFor(`KeyAvailable=False ${reason}`, () => jwt.says('KeyAvailable', 'False', reason));
    if (!jwt.says('Ready', 'True'))
      ground.fail('recovery', 'Ready is not True any more, but the token is valid');
    if (name === 'policy') await ground.arena.api.merge(keyPath(ground), { metadata: { annotations: null } });
    else await ground.storeKey('signer-key', toPem(key));
    await jwt.endure('the key is available again', {
      harm: async () => undefined,
      until: () => jwt.says('KeyAvailable', 'True') && jwt.text === before,
      causes: 0,
    });
  },
}));

export const KEYS: readonly Fault[] = [
  ...GOOD,
  {
    name: 'key-rotated',
    title: 'key rotated as documented: a new key Secret and a new kid, in one patch of the spec',
    isLocal: true,
    tries: TRIES,
    play: async (ground) => {
      const jwt = await ground.sign('signer');
      const before = jwt.text;
      const next = makeKey('ES256');
      await ground.storeKey('next-key', toPem(next));
      await jwt.endure('signed with the new key', {
        harm: async () => {
          jwt.noteKey(next, 'signer-2');
          await jwt.patchSpec({ keyId: 'signer-2', key: { secret: { name: 'next-key', key: 'key.pem' } } });
        },
        until: () => jwt.isRenewed(before) && jwt.token?.header.kid === 'signer-2',
      });
      if (jwt.condition('KeyIdReused') !== undefined)
        ground.fail('recovery', 'KeyIdReused, but the kid is new');
    },
  },
  ...BAD,
  {
    name: 'key-missing-until-expiry',
    title:
      'key deleted until its token of one minute has expired: reported before and after; then it comes back',
    isLocal: true,
    tries: { short: 0, full: 1 },
    play: async (ground) => {
      const key = makeKey('ES256');
      const jwt = await ground.sign('signer', { key, spec: ONE_MINUTE });
      const before = jwt.text;
      const forgive = jwt.excuse();
      await ground.arena.api.remove(keyPath(ground));
      await jwt.waitFor(
        'RenewalOverdue before the token expires',
        () => jwt.says('RenewalOverdue', 'True'),
        60_000,
      );
      if (!jwt.says('Ready', 'True'))
        ground.fail('recovery', 'Ready is not True any more, but the token is valid');
      await jwt.waitFor('Ready=False KeyNotFound', () => jwt.says('Ready', 'False', 'KeyNotFound'), 40_000);
      if (jwt.text !== before) ground.fail('recovery', 'the old token did not stay');
      await jwt.endure('signed when the key comes back', {
        harm: () => ground.storeKey('signer-key', toPem(key)),
        until: () => jwt.isRenewed(before),
      });
      forgive();
    },
  },
  {
    name: 'grant-revoked',
    title: 'the grant of a key in another namespace is removed, and restored',
    isLocal: true,
    tries: TRIES,
    play: async (ground) => {
      const { api, canaries } = ground.arena;
      const away = await ground.addNamespace('keys');
      const key = makeKey('ES256');
      const grant = (value: string | null) => ({
        annotations: { 'tokens.osg-htc.org/allowed-namespaces': value },
      });
      canaries.addKey(toPem(key));
      await api.create(pathOf('secrets', away), {
        metadata: { name: 'shared', ...grant(`other, ${ground.namespace}`) },
        stringData: { 'key.pem': toPem(key) },
      });
      const spec = { key: { secret: { name: 'shared', key: 'key.pem', namespace: away } } };
      const jwt = await ground.sign('borrower', { key, spec });
      const before = jwt.text;
      await api.merge(pathOf('secrets', away, 'shared'), { metadata: grant(null) });
      await jwt.waitFor('KeyNotGranted', () => jwt.says('KeyAvailable', 'False', 'KeyNotGranted'));
      await jwt.requestRenewal();
      await ground.rest(1_000);
      if (jwt.text !== before) ground.fail('recovery', 'a token was signed with a key that is not granted');
      await jwt.endure('signed when it is granted again', {
        harm: () => api.merge(pathOf('secrets', away, 'shared'), { metadata: grant('*') }),
        until: () => jwt.isRenewed(before),
        causes: 0,
      });
    },
  },
];
