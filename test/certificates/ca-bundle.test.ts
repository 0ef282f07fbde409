import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { correctBundle } from '../../src/certificates/ca-bundle.ts';
import { readCertificates } from '../../src/certificates/read-certificates.ts';
import { makeDevCertificate } from '../server/dev-certificate.ts';
import { make, NAMESPACE, stored } from './made.ts';

const now = Date.now();
const [ours, older, elsewhere, admins, expired] = await Promise.all([
  make(now).then(stored),
  make(now - 3_600_000).then(stored),
  make(now).then((data) => data['ca.crt']),
  makeDevCertificate().then(({ cert }) => `${cert}\n`),
  makeDevCertificate(-60_000).then(({ cert }) => `${cert}\n`),
]);
const text = (certificates: readonly { toString(): string }[]): string => certificates.map(String).join('');

function correct(present: string, trusted = ours.authorities, isOverlap = false): string | undefined {
  return correctBundle(present, { trusted, namespace: NAMESPACE, isOverlap, now });
}

describe('a bundle', () => {
  it('that is empty or is not PEM gets ours', () => {
    for (const present of ['', 'nothing', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'])
      assert.equal(correct(present), text(ours.authorities));
  });

  it('that is correct stays, in any order', () => {
    assert.equal(correct(text(ours.authorities)), undefined);
    assert.equal(correct(admins + text(ours.authorities)), undefined);
    const both = [...ours.authorities, ...older.authorities];
    assert.equal(correct(text(both.toReversed()), both), undefined);
  });

  it('keeps the authorities of others until they expire', () => {
    assert.equal(correct(admins + expired), text(ours.authorities) + admins);
  });

  it('loses one of ours that is not trusted any more', () => {
    assert.equal(correct(text(older.authorities) + admins), text(ours.authorities) + admins);
    assert.equal(correct(elsewhere), text(ours.authorities));
  });

  it('keeps every one of ours during the overlap', () => {
    assert.equal(correct(elsewhere, ours.authorities, true), text(ours.authorities) + elsewhere);
    assert.equal(correct(elsewhere + text(ours.authorities), ours.authorities, true), undefined);
  });

  it('keeps no more than sixteen of others, and no text without end', async () => {
    const many = await Promise.all(Array.from({ length: 20 }, () => makeDevCertificate()));
    const corrected = correct(many.map(({ cert }) => `${cert}\n`).join(''));
    assert.equal(readCertificates(corrected ?? '').length, 17);
    assert.equal(correct(`${'x'.repeat(300_000)}${admins}`), text(ours.authorities));
  });
});
