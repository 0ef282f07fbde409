import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { startWebhook, type RunningWebhook } from '../../src/service/start-webhook.ts';
import { NO_POLICY } from '../../src/resources/signing-policy.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { clientOf, clusterAt, refuse, startBadServer } from '../kube/bad-server.ts';
import { makeDevCertificate } from '../server/dev-certificate.ts';

const WITHIN_MS = 60_000;

describe('whether the webhook is ready', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'jwt-ready-'));
    const { cert, key } = await makeDevCertificate();
    await writeFile(join(folder, 'tls.crt'), cert);
    await writeFile(join(folder, 'tls.key'), key);
  });
  after(() => rm(folder, { recursive: true }));

  const missingIn = ({ checks }: RunningWebhook): Readonly<Record<string, string>> =>
    Object.fromEntries(
      checks.flatMap(({ name, missing }) => {
        const what = missing();
        return what === undefined ? [] : [[name, what]];
      }),
    );

  it('depends on one list of the namespaces, and from then on not on the API server', async () => {
    let isClosed = true;
    await using server = await startBadServer(({ query }, response) => {
      if (isClosed) return refuse(response, 503, 'ServiceUnavailable');
      response.writeHead(200);
      if (query.get('watch') === 'true') return response.flushHeaders();
      return response.end('{"metadata":{"resourceVersion":"1"},"items":[]}');
    });
    await using client = clientOf(clusterAt(server.url));
    const certificate = {
      from: 'files',
      certFile: join(folder, 'tls.crt'),
      keyFile: join(folder, 'tls.key'),
    } as const;
    const started = await startWebhook(
      { address: { host: '127.0.0.1', port: 0 }, certificate, namespaceDefault: true },
      {
        log: createLogger({ level: 'silent', destination: { write: () => undefined } }),
        metrics: createMetrics(),
        policy: NO_POLICY,
        client,
        namespace: 'jwt-injector',
      },
    );
    assert.ok(started.ok);
    const webhook = started.value;
    await server.received(1);
    assert.deepEqual(missingIn(webhook), { namespaces: 'not listed yet' });

    isClosed = false;
    await waitUntil(
      'the namespaces to be listed',
      WITHIN_MS,
      () => Object.keys(missingIn(webhook)).length === 0,
    );

    isClosed = true;
    const asked = server.requests.length;
    for (const socket of server.sockets) socket.destroy();
    await server.received(asked + 1); // it tries to watch again
    assert.deepEqual(missingIn(webhook), {});
    const stopping = webhook.stop();
    assert.deepEqual(missingIn(webhook)['webhook'], 'stopping');
    await stopping;
  });
});
