import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { createCertificateAuthority } from '../controlplane/certificates.ts';
import { takeTurn, type Entry, type PlayedPod } from './played-pod.ts';

describe('a pod of jwt-injector', () => {
  let entries: readonly Entry[];
  let [trusted, foreign]: X509Certificate[] = [];
  before(async () => {
    const [ours, another] = [
      await createCertificateAuthority('ours'),
      await createCertificateAuthority('another'),
    ];
    entries = [{ name: 'pods', authorities: [new X509Certificate(ours.certificate)] }];
    trusted = new X509Certificate((await ours.issue(['a'], [])).certificate);
    foreign = new X509Certificate((await another.issue(['a'], [])).certificate);
  });
  const turnOf = (change: Partial<PlayedPod>) =>
    takeTurn({ isRunning: true, isSelfIssued: false, stored: trusted, mounted: trusted, ...change }, entries);
  const TRUSTED = { does: 'serve', distrustedBy: undefined };
  const DISTRUSTED = { does: 'serve', distrustedBy: 'pods' };

  it('that runs is trusted if what it mounted and what is stored are', () => {
    assert.deepEqual(turnOf({}), TRUSTED);
    assert.deepEqual(turnOf({ stored: foreign }), DISTRUSTED);
    assert.deepEqual(turnOf({ mounted: foreign }), DISTRUSTED);
  });

  it('that runs serves on with what it mounted when the Secret is gone', () => {
    assert.deepEqual(turnOf({ stored: undefined }), TRUSTED);
    assert.deepEqual(turnOf({ stored: undefined, mounted: foreign }), DISTRUSTED);
  });

  it('that is new waits for the Secret, and with a self-issued certificate for trust', () => {
    const fresh = { isRunning: false, mounted: undefined };
    assert.deepEqual(turnOf({ ...fresh, stored: undefined }), { does: 'wait' });
    assert.deepEqual(turnOf({ ...fresh, stored: foreign }), { does: 'start' });
    assert.deepEqual(turnOf({ ...fresh, stored: foreign, isSelfIssued: true }), { does: 'wait' });
    assert.deepEqual(turnOf({ ...fresh, isSelfIssued: true }), { does: 'start' });
  });
});
