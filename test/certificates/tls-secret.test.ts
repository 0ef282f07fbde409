import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { readTlsSecret, tlsSecretObject, type TlsSecretData } from '../../src/certificates/tls-secret.ts';
import { makeDevCertificate } from '../server/dev-certificate.ts';
import { make, NAMESPACE, NOW, wireSecret } from './made.ts';

const PLACE = { namespace: NAMESPACE, name: 'tls' };
const LABELS = { 'app.kubernetes.io/name': 'jwt-injector' };

describe('the Secret of the certificate', () => {
  let data: TlsSecretData;
  let other: TlsSecretData;
  before(async () => {
    [data, other] = await Promise.all([make(NOW), make(NOW)]);
  });
  const read = (more: Record<string, unknown> = {}, changed: Partial<TlsSecretData> = {}) =>
    readTlsSecret({ ...wireSecret({ ...data, ...changed }, '7'), ...more }, NAMESPACE);

  it('is read as it was written', () => {
    const secret = read();
    assert.ok(secret.kind === 'own');
    assert.deepEqual(
      [
        secret.resourceVersion,
        secret.authorities.length,
        secret.authorityKey,
        secret.pair?.key,
        secret.pair?.cert,
      ],
      ['7', 1, data['ca.key'], data['tls.key'], data['tls.crt']],
    );
  });

  it('is ours as it is installed, empty, also by Helm', () => {
    const labels = { ...LABELS, 'app.kubernetes.io/managed-by': 'Helm' };
    const metadata = { ...PLACE, resourceVersion: '1', labels };
    const secret = readTlsSecret({ kind: 'Secret', metadata, type: 'Opaque' }, NAMESPACE);
    assert.ok(secret.kind === 'own');
    assert.deepEqual([secret.authorities, secret.pair], [[], undefined]);
  });

  it('is created with its label, and so that Helm keeps it; a change of it changes only its data', () => {
    const metadataOf = (over?: string) => tlsSecretObject(data, PLACE, over)['metadata'];
    const annotations = { 'helm.sh/resource-policy': 'keep' };
    assert.deepEqual(metadataOf(), { ...PLACE, labels: LABELS, annotations });
    assert.deepEqual(metadataOf('7'), { ...PLACE, resourceVersion: '7' });
  });

  const unusable: Readonly<Record<string, () => Partial<TlsSecretData>>> = {
    'no key of the authority': () => ({ 'ca.key': '' }),
    'the key of another authority': () => ({ 'ca.key': other['ca.key'] }),
    'a key that is not valid': () => ({ 'ca.key': 'x' }),
  };
  for (const [what, changed] of Object.entries(unusable)) {
    it(`with ${what} has a certificate but no CA to issue another one`, () => {
      const secret = read({}, changed());
      assert.ok(secret.kind === 'own');
      assert.equal(secret.authorityKey, undefined);
      assert.ok(secret.pair !== undefined);
    });
  }
  for (const changed of [{ 'tls.crt': '' }, { 'tls.key': '' }, { 'tls.crt': 'broken' }]) {
    it(`with ${JSON.stringify(changed)} has no pair, but can issue one`, () => {
      const secret = read({}, changed);
      assert.ok(secret.kind === 'own');
      assert.equal(secret.pair, undefined);
      assert.ok(secret.authorityKey !== undefined);
    });
  }

  const foreign: Readonly<Record<string, readonly [Record<string, unknown>, RegExp]>> = {
    type: [{ type: 'kubernetes.io/tls' }, /has the type kubernetes\.io\/tls/],
    label: [
      { metadata: { ...PLACE, resourceVersion: '1' } },
      /lacks the label app\.kubernetes\.io\/name=jwt-injector/,
    ],
    immutable: [{ immutable: true }, /is immutable/],
    'other keys': [{ data: { token: 'eA==' } }, /holds other keys than ours/],
    'long values': [{ data: { 'ca.crt': 'A'.repeat(70_000) } }, /too long/],
  };
  for (const [what, [more, why]] of Object.entries(foreign)) {
    it(`is foreign by its ${what}`, () => {
      const secret = read(more);
      assert.ok(secret.kind === 'foreign');
      assert.match(secret.why, why);
    });
  }

  it('is foreign with a certificate of another authority, and with an authority of another namespace', async () => {
    const dev = await makeDevCertificate();
    assert.equal(read({}, { 'tls.crt': dev.cert }).kind, 'foreign');
    assert.equal(read({}, { 'ca.crt': dev.cert }).kind, 'foreign');
    assert.equal(readTlsSecret(wireSecret(data), 'elsewhere').kind, 'foreign');
  });
});
