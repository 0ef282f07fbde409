import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { describe, it } from 'node:test';
import { warnOfRefusedCertificate } from '../../src/server/refused-certificate.ts';
import { createLogger } from '../../src/telemetry/logger.ts';

describe('a client that refuses our certificate', () => {
  it('is told of once a minute, with the remedy; other TLS errors are not', () => {
    const lines: string[] = [];
    const server = new EventEmitter();
    const destination = { write: (line: string) => void lines.push(line) };
    warnOfRefusedCertificate(server, createLogger({ level: 'info', destination }));
    const fail = (code: string) => server.emit('tlsClientError', Object.assign(new Error('x'), { code }));
    fail('ECONNRESET');
    fail('ERR_SSL_WRONG_VERSION_NUMBER');
    assert.deepEqual(lines, []);
    fail('ERR_SSL_TLSV1_ALERT_UNKNOWN_CA');
    fail('ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE');
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? '', /a client refuses our certificate: the caBundle .* must hold its CA/);
  });
});
