import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { correctBundle, replaceBundle } from '../../src/certificates/ca-bundle.ts';
import { fail, ok } from '../../src/resources/result.ts';
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
  const corrected = tryToCorrect(present, trusted, isOverlap);
  assert.ok(corrected.ok, JSON.stringify(corrected));
  return corrected.value;
}

function tryToCorrect(present: string, trusted = ours.authorities, isOverlap = false) {
  return correctBundle(present, { trusted, namespace: NAMESPACE, isInUse: () => isOverlap, now });
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

  it('keeps foreign CAs until they expire', () => {
    assert.equal(correct(admins + expired), text(ours.authorities) + admins);
  });

  it('loses a CA of ours that is not trusted any more', () => {
    assert.equal(correct(text(older.authorities) + admins), text(ours.authorities) + admins);
    assert.equal(correct(elsewhere), text(ours.authorities));
  });

  it('keeps all CAs of ours during the overlap', () => {
    assert.equal(correct(elsewhere, ours.authorities, true), text(ours.authorities) + elsewhere);
    assert.equal(correct(elsewhere + text(ours.authorities), ours.authorities, true), undefined);
  });

  it('keeps all foreign CAs, up to a size; a larger bundle is not overwritten', async () => {
    const many = await Promise.all(Array.from({ length: 32 }, () => makeDevCertificate()));
    const others = many.map(({ cert }) => `${cert}\n`);
    assert.equal(
      correct(others.slice(0, 31).join('')),
      text(ours.authorities) + others.slice(0, 31).join(''),
    );
    for (const present of [others.join(''), others.join('') + admins])
      assert.deepEqual(tryToCorrect(present), fail('would hold more than 32 certificates'));
    assert.equal(correct(text(ours.authorities) + others.join('')), undefined, 'ours is trusted already');
    const long = `${'x'.repeat(300_000)}${admins}`;
    assert.deepEqual(tryToCorrect(long), fail('is longer than 262144 characters'));
  });

  it('that must hold nothing else loses all others, however many', async () => {
    const many = await Promise.all(Array.from({ length: 33 }, () => makeDevCertificate()));
    const present = many.map(({ cert }) => `${cert}\n`).join('');
    assert.deepEqual(replaceBundle(present, ours.authorities), ok(text(ours.authorities)));
    assert.deepEqual(replaceBundle(text(ours.authorities), ours.authorities), ok(undefined));
  });
});
