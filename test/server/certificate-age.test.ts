import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ageOfCertificate, certificateProblem, logAge } from '../../src/server/certificate-age.ts';
import { createLogger } from '../../src/telemetry/logger.ts';

const HOUR = 3_600_000;
const VALID = { validFrom: 0, expiresAt: 90 * HOUR };

describe('the age of a certificate', () => {
  const cases: readonly [number, string][] = [
    [-1, 'early'],
    [0, 'fresh'],
    [60 * HOUR - 1, 'fresh'],
    [60 * HOUR, 'late'],
    [90 * HOUR - 1, 'late'],
    [90 * HOUR, 'expired'],
  ];
  for (const [now, age] of cases) {
    it(`${now / HOUR} hours after its beginning is ${age}`, () =>
      assert.equal(ageOfCertificate(VALID, now), age));
  }

  it('makes the service unready, with a message, if clients would refuse the dates', () => {
    assert.equal(certificateProblem(VALID, -1), 'not valid before 1970-01-01T00:00:00Z: compare the clocks');
    assert.equal(certificateProblem(VALID, 0), undefined);
    assert.equal(certificateProblem(VALID, 89 * HOUR), undefined);
    assert.equal(certificateProblem(VALID, 90 * HOUR), 'expired at 1970-01-04T18:00:00Z');
  });

  it('names the intermediate that has expired', () => {
    const dates = { ...VALID, firstToExpire: 'CN=between' };
    assert.equal(
      certificateProblem(dates, 90 * HOUR),
      'its intermediate CN=between expired at 1970-01-04T18:00:00Z',
    );
    const lines: string[] = [];
    const destination = { write: (line: string) => void lines.push(line) };
    const log = logAge(createLogger({ level: 'info', destination }), 'put a new pair into its files');
    for (const now of [70 * HOUR, 90 * HOUR]) log(dates, now);
    assert.equal(lines.length, 2);
    assert.match(lines[0] ?? '', /the intermediate CN=between of the webhook’s certificate is in the last/);
    assert.match(
      lines[1] ?? '',
      /the intermediate CN=between of the webhook’s certificate has expired, and clients without another way .* refuse the certificate: /,
    );
  });

  it('is logged each day in its last third, and each hour after it has expired, until another certificate is used', () => {
    const lines: { readonly level: string; readonly msg: string; readonly expiresAt: string }[] = [];
    const log = logAge(
      createLogger({
        level: 'info',
        destination: { write: (line: string) => void lines.push(JSON.parse(line)) },
      }),
      'put a new pair into its files',
    );
    const look = (from: number, to: number, certificate = VALID): string[] => {
      lines.length = 0;
      for (let now = from; now < to; now += HOUR / 6) log(certificate, now);
      return lines.map(({ level }) => level);
    };
    assert.deepEqual(look(0, 60 * HOUR), []);
    assert.deepEqual(look(60 * HOUR, 84 * HOUR), ['warn']);
    assert.match(lines[0]?.msg ?? '', /last third of its life: put a new pair/);
    assert.equal(lines[0]?.expiresAt, '1970-01-04T18:00:00Z');
    assert.deepEqual(look(84 * HOUR, 90 * HOUR), ['warn']);
    assert.deepEqual(look(90 * HOUR, 92 * HOUR), ['error', 'error']);
    assert.match(lines[0]?.msg ?? '', /has expired/);
    assert.deepEqual(look(92 * HOUR, 93 * HOUR, { validFrom: 91 * HOUR, expiresAt: 200 * HOUR }), []);
    assert.deepEqual(look(93 * HOUR, 94 * HOUR, { validFrom: 95 * HOUR, expiresAt: 200 * HOUR }), ['error']);
    assert.match(lines[0]?.msg ?? '', /not valid yet.*compare the clocks/);
  });
});
