import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { waitUntil } from '../controlplane/wait-until.ts';
import { execute } from '../runs/execute.ts';
import { makeDevCertificate, type DevCertificate } from './dev-certificate.ts';
import { servingCertificate, withWebhook } from './started-webhook.ts';
import { warnOfRefusedCertificate } from '../../src/server/refused-certificate.ts';
import { createLogger } from '../../src/telemetry/logger.ts';

const UNKNOWN_CA = 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA';
const BAD_CERTIFICATE = 'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE';

/**
 * A server whose certificate expires in `expiresIn` milliseconds. The returned function gives the lines
 * logged after an alert.
 */
function serverWith(expiresIn: number, firstToExpire?: string): (code: string) => readonly string[] {
  const lines: string[] = [];
  const server = new EventEmitter();
  const destination = { write: (line: string) => void lines.push(line) };
  const certificate = { validFrom: 0, expiresAt: Date.now() + expiresIn, firstToExpire };
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

  it('is explained by an intermediate that has expired', () => {
    const [line = ''] = serverWith(-1, 'CN=between')(BAD_CERTIFICATE);
    assert.match(line, /a client refuses our certificate: its intermediate CN=between has expired"/);
  });

  it('is explained by the clocks when only the client finds the certificate expired', () => {
    const [line = ''] = serverWith(60_000)('ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED');
    assert.match(line, /compare the clocks/);
  });
});

/** Connects with OpenSSL, which sends an alert when it refuses a certificate; Node's client only closes the connection. */
async function connectTrusting({ cert }: DevCertificate, port: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'jwt-injector-'));
  const caFile = join(folder, 'ca.crt');
  await writeFile(caFile, cert);
  const args = ['-connect', `127.0.0.1:${port}`, '-CAfile', caFile, '-verify_return_error'];
  await assert.rejects(execute('openssl', ['s_client', ...args]), { code: 1 });
  await rm(folder, { recursive: true });
}

describe('a TLS client', () => {
  const cases: readonly [string, number, RegExp][] = [
    ['that refuses an expired certificate', -60_000, /: it has expired$/],
    ['that does not trust its issuer', 60_000, /: the caBundle .* must hold its CA$/],
  ];
  for (const [title, lifetime, reason] of cases)
    it(`${title} is in the log of the webhook, with the reason`, async () => {
      const [served, other] = [await makeDevCertificate(lifetime), await makeDevCertificate()];
      await withWebhook({ certificate: servingCertificate(served) }, async ({ port, lines }) => {
        await connectTrusting(lifetime < 0 ? served : other, port);
        await waitUntil('the line', 30_000, () => lines.length > 0);
        assert.match(String(lines[0]?.['msg']), reason);
      });
    });
});
