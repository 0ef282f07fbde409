import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { fail, ok, type Result } from '../../src/resources/result.ts';
import type { ServingCertificate } from '../../src/server/tls.ts';
import { listenWithCertificate } from '../../src/service/listen-with-certificate.ts';
import { makeDevCertificate } from '../server/dev-certificate.ts';
import { servingCertificate } from '../server/started-webhook.ts';

/** A listener whose port has these problems, one for each try; the log lines and what was done, in order. */
function listenerWith(...problems: readonly (string | undefined)[]) {
  const done: string[] = [];
  const left = [...problems];
  const listen = async (): Promise<Result<number, string>> => {
    const problem = left.shift();
    done.push('listen');
    return problem === undefined ? ok(8443) : fail(problem);
  };
  const webhook = { certificate: () => undefined, useCertificate: () => void done.push('use') };
  const log = { error: ({ problem }: { problem: string }) => void done.push(`error: ${problem}`) };
  return { done, listener: listenWithCertificate(webhook, listen, log) };
}

describe('a webhook that listens with its first certificate', () => {
  let certificate: ServingCertificate;
  before(async () => {
    certificate = servingCertificate(await makeDevCertificate());
  });

  it('listens once, after it got the certificate', async () => {
    const { done, listener } = listenerWith(undefined);
    assert.equal(listener.missing(), 'no certificate yet to listen with');
    assert.deepEqual(done, []);
    listener.webhook.useCertificate(certificate);
    listener.webhook.useCertificate(certificate);
    await listener.stop();
    assert.equal(listener.missing(), undefined);
    assert.deepEqual(done, ['use', 'listen', 'use']);
  });

  it('is not ready while it cannot, and tries again with the next certificate', async () => {
    const { done, listener } = listenerWith('taken', undefined);
    listener.webhook.useCertificate(certificate);
    await new Promise(setImmediate);
    assert.equal(listener.missing(), 'taken');
    listener.webhook.useCertificate(certificate);
    await listener.stop();
    assert.equal(listener.missing(), undefined);
    assert.deepEqual(done, ['use', 'listen', 'error: taken', 'use', 'listen']);
  });

  it('does not begin once it is stopped', async () => {
    const { done, listener } = listenerWith(undefined);
    await listener.stop();
    listener.webhook.useCertificate(certificate);
    assert.deepEqual(done, ['use']);
  });
});
