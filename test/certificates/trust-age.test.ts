import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { certificatesToPem } from '../../src/certificates/read-certificates.ts';
import type { OwnTlsSecret } from '../../src/certificates/tls-secret.ts';
import { readTrustSnapshot, TrustAge, type TrustSnapshot } from '../../src/certificates/trust-age.ts';
import { configuration, DAY, HOUR, make, NOW, stored } from './made.ts';

const UNKNOWN: TrustSnapshot = { trusted: undefined, hasOthers: true, isNew: true };
/** Both the CA and the one before it are trusted. */
const BESIDE: TrustSnapshot = { trusted: 'a', hasOthers: true, isNew: false };
const ALONE: TrustSnapshot = { trusted: 'a', hasOthers: false, isNew: true };
const always = (seenFor: number) => ({ trustedFor: Number.POSITIVE_INFINITY, seenFor });
const since = (seenFor: number) => ({ trustedFor: seenFor, seenFor });

describe('the time that an authority has been trusted', () => {
  it('is unlimited if it was trusted at the first read: another replica did it at an unknown time', () => {
    const age = new TrustAge();
    assert.deepEqual(age.observe(BESIDE, 5_000), always(0));
    assert.deepEqual(age.observe(BESIDE, 6_000), always(1_000));
  });

  it('counts from the first read if it is new and others were trusted before it', () => {
    const age = new TrustAge();
    assert.deepEqual(age.observe({ ...BESIDE, isNew: true }, 5_000), since(0));
    assert.deepEqual(age.observe(BESIDE, 95_000), since(90_000));
  });

  it('counts from the read that first showed it, and starts again after a break', () => {
    const age = new TrustAge();
    assert.equal(age.observe(UNKNOWN, 1_000), undefined);
    assert.deepEqual(age.observe(BESIDE, 2_000), since(0));
    assert.deepEqual(age.observe(BESIDE, 9_000), since(7_000));
    assert.equal(age.observe(UNKNOWN, 10_000), undefined);
    assert.deepEqual(age.observe(ALONE, 11_000), since(0), 'others were there before the break');
  });

  it('is unlimited if no CA was trusted before it, as in a first installation', () => {
    const age = new TrustAge();
    age.observe({ ...UNKNOWN, hasOthers: false }, 0);
    assert.deepEqual(age.observe(ALONE, 1_000), always(0));
    assert.deepEqual(new TrustAge().observe(ALONE, 0), always(0));
  });

  it('is not unlimited after a break, even if it was at first', () => {
    const age = new TrustAge();
    age.observe(BESIDE, 0);
    age.observe(UNKNOWN, 1_000);
    assert.deepEqual(age.observe(BESIDE, 2_000), since(0));
  });

  it('starts again when another CA signs, even if that was trusted, too', () => {
    const age = new TrustAge();
    age.observe(BESIDE, 0);
    assert.deepEqual(age.observe({ ...BESIDE, trusted: 'b' }, 1_000), since(0));
  });
});

describe('a read of all bundles', () => {
  it('shows whether all hold the authority that signs, and whether they hold others', async () => {
    const [first, second] = [stored(await make(NOW)), stored(await make(NOW))];
    const bundle = (...secrets: readonly OwnTlsSecret[]) =>
      configuration(secrets.map(({ authorities }) => certificatesToPem(authorities)).join(''));
    const look = (...bundles: readonly OwnTlsSecret[][]): readonly unknown[] => {
      const { trusted, hasOthers } = readTrustSnapshot(
        first,
        bundles.map((secrets) => bundle(...secrets)),
        NOW,
      );
      return [trusted === first.authorities[0]?.fingerprint256, hasOthers];
    };
    assert.deepEqual(look(), [true, false]);
    assert.deepEqual(look([first]), [true, false]);
    assert.deepEqual(look([second, first]), [true, true]);
    assert.deepEqual(look([first], [second]), [false, true]);
    assert.deepEqual(look([]), [false, false]);
    const expired = stored(await make(NOW - 500 * DAY));
    assert.deepEqual(look([first, expired]), [true, false]);
    const nothing = { trusted: undefined, hasOthers: false, isNew: false };
    assert.deepEqual(readTrustSnapshot({ kind: 'absent' }, [], NOW), nothing);
  });

  it('shows whether the CA is so new that an API server possibly does not know it', async () => {
    const secret = stored(await make(NOW));
    assert.ok(readTrustSnapshot(secret, [], NOW + 29_000).isNew);
    assert.ok(!readTrustSnapshot(secret, [], NOW + 30_000).isNew);
    assert.ok(!readTrustSnapshot(secret, [], NOW + HOUR).isNew);
  });
});
