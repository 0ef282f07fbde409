import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent } from 'node:https';
import { connect } from 'node:tls';
import { describe, it } from 'node:test';
import { createWebhookApp, WEBHOOK_LIMITS } from '../../src/server/app.ts';
import { PROBE_LIMITS } from '../../src/server/guard-probes.ts';
import { listenMany } from '../../src/server/listen-many.ts';
import { createProbesApp } from '../../src/server/probes.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { closeOf } from '../fixtures/close-of.ts';
import { makeDevCertificate } from './dev-certificate.ts';
import { reviewText } from './reviews.ts';
import { servingCertificate, startWebhook, withWebhook } from './started-webhook.ts';

/** The time after which Go's client (`http.DefaultTransport`) closes an idle connection. */
const GO_IDLE_MS = 90_000;

/** A busy machine answers within this time; meanwhile another test waits for as long. */
const DRAIN_MS = 8_000;

/** The applications of both ports with their real settings. */
function bothApps() {
  const metrics = createMetrics();
  const logger = createLogger({ level: 'info', destination: { write: () => undefined } });
  const certificate = () => undefined;
  const { app } = createWebhookApp({ certificate, routes: {}, logger, metrics, isDraining: () => false });
  return { webhook: app, probes: createProbesApp({ checks: [], metrics }) };
}

describe('an idle connection', () => {
  it('is kept open for longer than by Go’s client, so that no request is sent when it is closed', () => {
    assert.ok(WEBHOOK_LIMITS.idle > GO_IDLE_MS);
    assert.ok(PROBE_LIMITS.idle > GO_IDLE_MS);
  });

  for (const [name, app] of Object.entries(bothApps()))
    it(`is not ended by Node once the server listens (${name})`, async () => {
      const port = await listenMany(app, { hosts: ['127.0.0.1'], port: 0 });
      const { timeout, headersTimeout, requestTimeout, keepAliveTimeout } = app.server;
      await Promise.all([port.close(), app.close()]);
      assert.deepEqual([timeout, headersTimeout, requestTimeout, keepAliveTimeout], [0, 0, 0, 0]);
    });
});

describe('connections:', { concurrency: true }, () => {
  it('eight busy keep-alive clients lose no request while one of two replicas stops', async () => {
    const [stopping, staying] = await Promise.all([startWebhook(), startWebhook()]);
    const agent = new Agent({ keepAlive: true });
    let [served, moved] = [0, 0];
    const warm = Promise.withResolvers<void>();
    // Like the API server's client: one connection, used until an answer ends it; then the Service selects
    // another server.
    const client = async (): Promise<void> => {
      while (true) {
        const reply = await stopping.send('/mutate/pods', reviewText(), { agent });
        assert.equal(reply.status, 200);
        served += 1;
        if (served === 50) warm.resolve();
        if (reply.headers.connection === 'close') break;
      }
      assert.equal(
        (await staying.send('/mutate/pods', reviewText(), { agent, ca: staying.certificate.cert })).status,
        200,
      );
      moved += 1;
    };
    const clients = Array.from({ length: 8 }, client);
    await warm.promise;
    const closed = stopping.webhook.close(DRAIN_MS);
    await Promise.all(clients);
    assert.equal(moved, 8);
    await closed;
    assert.equal(stopping.webhook.isListening(), false);
    agent.destroy();
    await staying.stop();
  });

  it('every answer ends its connection during a drain', async () => {
    await withWebhook({}, async (started) => {
      assert.notEqual((await started.send('/mutate/pods', reviewText())).headers.connection, 'close');
      const closed = started.webhook.close(DRAIN_MS);
      assert.equal((await started.send('/mutate/pods', reviewText())).headers.connection, 'close');
      assert.equal((await started.send('/nowhere', '{}')).headers.connection, 'close');
      await closed;
    });
  });

  it('close ends even if a client never sends its request', { timeout: 60_000 }, async () => {
    const started = await startWebhook();
    const socket = connect({ host: '127.0.0.1', port: started.port, ca: started.certificate.cert });
    await once(socket, 'secureConnect');
    const closed = closeOf(socket);
    await started.webhook.close(0);
    await closed;
  });

  // By Node's own limits it would be 90 s.
  it('a half-sent body is ended after 10 s', { timeout: 60_000 }, async () => {
    await withWebhook({}, async (started) => {
      const socket = connect({ host: '127.0.0.1', port: started.port, ca: started.certificate.cert });
      const closed = closeOf(socket);
      socket.write(
        'POST /mutate/pods HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{',
      );
      const before = performance.now();
      socket.resume();
      await closed;
      const seconds = (performance.now() - before) / 1000;
      assert.ok(seconds > 9, `${seconds} s`);
    });
  });

  it('a new certificate is used for new connections, and open ones stay open', async () => {
    await withWebhook({}, async (started) => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      await started.send('/mutate/pods', reviewText(), { agent });
      const next = await makeDevCertificate();
      started.webhook.useCertificate(servingCertificate(next));
      assert.equal((await started.send('/mutate/pods', reviewText(), { agent })).status, 200);
      const fresh = new Agent();
      assert.equal(
        (await started.send('/mutate/pods', reviewText(), { agent: fresh, ca: next.cert })).status,
        200,
      );
      agent.destroy();
    });
  });
});
