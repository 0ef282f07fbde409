import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createProbesApp } from '../../src/server/probes.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';

const { registry } = createMetrics({ tokens: () => [] });

describe('the probes', () => {
  it('/livez answers', async () => {
    const app = createProbesApp({ checks: [], registry });
    const reply = await app.inject('/livez');
    assert.deepEqual([reply.statusCode, reply.body], [200, 'ok\n']);
  });

  it('/readyz names what is missing, and is asked anew each time', async () => {
    let missing: string | undefined = 'not loaded yet';
    const checks = [
      { name: 'certificate', missing: () => missing },
      { name: 'listening', missing: () => undefined },
    ];
    const app = createProbesApp({ checks, registry });
    const before = await app.inject('/readyz');
    assert.deepEqual(
      [before.statusCode, before.body],
      [503, '[-] certificate: not loaded yet\n[+] listening\nnot ready\n'],
    );
    missing = undefined;
    const after = await app.inject('/readyz');
    assert.deepEqual([after.statusCode, after.body], [200, '[+] certificate\n[+] listening\nready\n']);
  });

  it('/metrics is what Prometheus reads', async () => {
    const reply = await createProbesApp({ checks: [], registry }).inject('/metrics');
    assert.equal(reply.statusCode, 200);
    assert.match(String(reply.headers['content-type']), /^text\/plain; version=0\.0\.4/);
    assert.match(reply.body, /^process_cpu_seconds_total /m);
  });

  it('nothing else is there', async () => {
    assert.equal((await createProbesApp({ checks: [], registry }).inject('/')).statusCode, 404);
  });
});
