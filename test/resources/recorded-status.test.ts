import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  formatRecordedStatus,
  parseRecordedStatus,
  type RecordedStatus,
} from '../../src/resources/recorded-status.ts';

const WIRE = {
  observedGeneration: 3,
  conditions: [
    {
      type: 'Ready',
      status: 'True',
      reason: 'Signed',
      message: 'Secret a holds a valid token',
      observedGeneration: 3,
      lastTransitionTime: '2027-01-15T08:00:00Z',
    },
  ],
  secretName: 'a',
  issuer: 'https://issuer.example.com/',
  keyId: 'k1',
  keyThumbprint: 'thumb',
  publicKey: '{"kty":"EC"}',
  keyVersion: 'uid/7',
  tokenId: 'the-jti',
  issuedAt: '2027-01-15T08:00:00Z',
  expiresAt: '2027-01-16T08:00:00Z',
  renewsAt: '2027-01-16T02:59:00Z',
  nextAttemptAt: '2027-01-15T08:05:00Z',
  renewals: 4,
  lastRenew: 'now',
};

describe('a recorded status', () => {
  it('is read with times in seconds since the epoch, and written as it was', () => {
    const status = parseRecordedStatus(WIRE);
    assert.equal(status.expiresAt, 1_800_086_400);
    assert.equal(status.conditions[0]?.lastTransitionTime, 1_800_000_000);
    assert.deepEqual(formatRecordedStatus(status), WIRE);
  });

  it('that does not exist yet is empty, and is written with an empty list only', () => {
    for (const status of [undefined, null, 'none', [], {}, { conditions: 'none' }])
      assert.deepEqual(formatRecordedStatus(parseRecordedStatus(status)), { conditions: [] });
  });

  it('has no members of a wrong type', () => {
    for (const name of Object.keys(WIRE)) {
      for (const wrong of [null, true, {}, name === 'observedGeneration' || name === 'renewals' ? '7' : 7]) {
        const { [name]: _right, ...rest } = { ...WIRE } as Record<string, unknown>;
        assert.deepEqual(
          parseRecordedStatus({ ...WIRE, [name]: wrong }),
          parseRecordedStatus(rest),
          `${name}: ${JSON.stringify(wrong)}`,
        );
      }
    }
    for (const time of ['yesterday', ''])
      assert.equal(parseRecordedStatus({ ...WIRE, expiresAt: time }).expiresAt, undefined);
    const conditions = [null, 'Ready', 7, { type: 'Ready' }, {}];
    assert.deepEqual(
      parseRecordedStatus({ conditions }).conditions.map(({ type, status, reason, message }) => [
        type,
        status,
        reason,
        message,
      ]),
      [
        ['Ready', '', '', ''],
        ['', '', '', ''],
      ],
    );
  });

  it('is the same after it was written and read', () => {
    const time = fc.option(fc.integer({ min: 0, max: 253_402_300_799 }), { nil: undefined });
    const text = fc.option(fc.string(), { nil: undefined });
    const plain = { noNullPrototype: true };
    const statuses = fc.record<RecordedStatus>(
      {
        observedGeneration: fc.option(fc.nat(), { nil: undefined }),
        conditions: fc.array(
          fc.record(
            {
              type: fc.string(),
              status: fc.string(),
              reason: fc.string(),
              message: fc.string(),
              observedGeneration: fc.option(fc.nat(), { nil: undefined }),
              lastTransitionTime: time,
            },
            plain,
          ),
        ),
        secretName: text,
        issuer: text,
        keyId: text,
        keyThumbprint: text,
        publicKey: text,
        retiredKeys: fc.option(
          fc.array(
            fc.record(
              {
                publicKey: fc.string(),
                expiresAt: fc.integer({ min: 0, max: 253_402_300_799 }),
                issuer: fc.string(),
              },
              plain,
            ),
            { minLength: 1 },
          ),
          { nil: undefined },
        ),
        keyVersion: text,
        tokenId: text,
        issuedAt: time,
        expiresAt: time,
        renewsAt: time,
        nextAttemptAt: time,
        renewals: fc.option(fc.nat(), { nil: undefined }),
        lastRenew: text,
      },
      plain,
    );
    fc.assert(
      fc.property(statuses, (status) => {
        const wire: unknown = JSON.parse(JSON.stringify(formatRecordedStatus(status)));
        assert.deepEqual(parseRecordedStatus(wire), status);
      }),
    );
  });

  it('only has retired keys with a known key, expiry and issuer', () => {
    const whole = { publicKey: '{}', expiresAt: '2026-11-29T00:00:00Z', issuer: 'https://i.example' };
    const parse = (...retiredKeys: readonly unknown[]): unknown =>
      parseRecordedStatus({ retiredKeys }).retiredKeys;
    const expiresAt = Date.parse(whole.expiresAt) / 1000;
    const { issuer: _issuer, ...bare } = whole;
    assert.deepEqual(parse(whole, bare), [{ ...whole, expiresAt }]);
    for (const wrong of [{ ...whole, publicKey: 7 }, { ...whole, expiresAt: 'soon' }, {}, 'text', null])
      assert.equal(parse(wrong), undefined, JSON.stringify(wrong));
  });
});
