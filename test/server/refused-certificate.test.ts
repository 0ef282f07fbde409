import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { describe, it } from 'node:test';
import { warnOfRefusedCertificate } from '../../src/server/refused-certificate.ts';
import { createLogger } from '../../src/telemetry/logger.ts';

const UNKNOWN_CA = 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA';
const BAD_CERTIFICATE = 'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE';

/** A server whose certificate expires in `expiresIn` milliseconds; returns a function that gives the lines logged after an alert. */
function serverWith(expiresIn: number): (code: string) => readonly string[] {
  const lines: string[] = [];
  const server = new EventEmitter();
  const destination = { write: (line: string) => void lines.push(line) };
  const certificate = { validFrom: 0, expiresAt: Date.now() + expiresIn };
  warnOfRefusedCertificate(server, createLogger({ level: 'info', destination }), () => certificate);
  return (code) => {
    server.emit('tlsClientError', Object.assign(new Error('x'), { code }));
    return lines;
  };
}

describe('a client that refuses our certificate', () => {
  it('is logged once a minute, with the remedy; other TLS errors are not', () => {
    const fail = serverWith(60_000);
    fail('ECONNRESET');
    assert.deepEqual(fail('ERR_SSL_WRONG_VERSION_NUMBER'), []);
    fail(UNKNOWN_CA);
    const lines = fail(BAD_CERTIFICATE);
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? '', /a client refuses our certificate: the caBundle .* must hold its CA/);
  });

  it('is not explained by the caBundle when the certificate has expired', () => {
    const [line = ''] = serverWith(-1)(BAD_CERTIFICATE);
    assert.match(line, /a client refuses our certificate: it has expired"/);
    assert.doesNotMatch(line, /caBundle/);
  });

  it('is explained by the clocks when only the client finds the certificate expired', () => {
    const [line = ''] = serverWith(60_000)('ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED');
    assert.match(line, /compare the clocks/);
  });
});
