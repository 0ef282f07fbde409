import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TrustAge } from '../../src/certificates/trust-age.ts';

describe('the time that an authority has been trusted', () => {
  it('is unlimited if it was trusted at the first look: another replica did it, nobody knows when', () => {
    const age = new TrustAge();
    assert.equal(age.observe(true, 5_000), Number.POSITIVE_INFINITY);
    assert.equal(age.observe(true, 6_000), Number.POSITIVE_INFINITY);
  });

  it('counts from the look that first showed it, and starts again after a break', () => {
    const age = new TrustAge();
    assert.equal(age.observe(false, 1_000), undefined);
    assert.equal(age.observe(true, 2_000), 0);
    assert.equal(age.observe(true, 9_000), 7_000);
    assert.equal(age.observe(false, 10_000), undefined);
    assert.equal(age.observe(true, 11_000), 0);
  });

  it('is not unlimited after a break, though it was at first', () => {
    const age = new TrustAge();
    age.observe(true, 0);
    age.observe(false, 1_000);
    assert.equal(age.observe(true, 2_000), 0);
  });
});
