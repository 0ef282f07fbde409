import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { fail, ok, type Result } from '../../src/resources/result.ts';
import type { ServingCertificate } from '../../src/server/tls.ts';
import { listenWithCertificate } from '../../src/service/listen-with-certificate.ts';
import { virtualClock } from '../time/virtual-clock.ts';
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
  const clock = virtualClock();
  return { done, clock, listener: listenWithCertificate(webhook, { listen, clock, log }) };
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

  it('is not ready while it cannot, and tries again soon, with the certificate of that time', async () => {
    const { done, clock, listener } = listenerWith('taken', 'still taken', undefined);
    listener.webhook.useCertificate(certificate);
    await clock.settle();
    assert.equal(listener.missing(), 'taken');
    listener.webhook.useCertificate(certificate);
    await clock.advance(1_250);
    assert.equal(listener.missing(), 'still taken');
    await clock.advance(2_500);
    assert.equal(listener.missing(), undefined);
    assert.deepEqual(done, [
      'use',
      'listen',
      'error: taken',
      'use',
      'listen',
      'error: still taken',
      'listen',
    ]);
    await listener.stop();
  });

  it('tries at least twice a minute, however often it failed before, and never at once', async () => {
    const { done, clock, listener } = listenerWith(...Array.from({ length: 1_000 }, () => 'taken'));
    listener.webhook.useCertificate(certificate);
    await clock.advance(3_600_000);
    const tries = done.filter((each) => each === 'listen').length;
    assert.ok(tries >= 120 && tries <= 160, `${tries} in an hour`);
    await listener.stop();
    assert.equal(clock.pending(), 0);
    assert.equal(listener.missing(), 'taken');
  });

  it('does not begin once it is stopped', async () => {
    const { done, listener } = listenerWith(undefined);
    await listener.stop();
    listener.webhook.useCertificate(certificate);
    assert.deepEqual(done, ['use']);
  });
});
