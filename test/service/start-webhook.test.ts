import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, mkdtempDisposable, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { startWebhook, type RunningWebhook } from '../../src/service/start-webhook.ts';
import { NO_POLICY } from '../../src/resources/signing-policy.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { clientOf, clusterAt, refuse, startBadServer } from '../kube/bad-server.ts';
import { makeLink } from '../certificates/made-chain.ts';
import { makeDevCertificate } from '../server/dev-certificate.ts';
import { HOUR_MS } from '../../src/time/units.ts';

type Surroundings = Parameters<typeof startWebhook>[1];

const WITHIN_MS = 60_000;
const LOOPBACK = { address: { host: '127.0.0.1', port: 0 }, ips: undefined, sharesPort: false };

describe('the readiness of the webhook', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'jwt-ready-'));
    await writeCertificate(folder);
  });
  after(() => rm(folder, { recursive: true }));

  const missingIn = ({ checks }: RunningWebhook): Readonly<Record<string, string>> =>
    Object.fromEntries(
      checks.flatMap(({ name, missing }) => {
        const what = missing();
        return what === undefined ? [] : [[name, what]];
      }),
    );

  it('depends on one list of the namespaces, and after that not on the API server', async () => {
    let isClosed = true;
    await using server = await startBadServer(({ query }, response) => {
      if (isClosed) return refuse(response, 503, 'ServiceUnavailable');
      response.writeHead(200);
      if (query.get('watch') === 'true') return response.flushHeaders();
      return response.end('{"metadata":{"resourceVersion":"1"},"items":[]}');
    });
    await using client = clientOf(clusterAt(server.url));
    const started = await startWebhook(
      { ...LOOPBACK, certificate: filesIn(folder), usesNamespaceDefault: true },
      surroundings({ client }),
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

  it('is that of its own certificate: a client can know another way than by an intermediate that has expired', async () => {
    await using chained = await mkdtempDisposable(join(tmpdir(), 'jwt-chain-'));
    const now = Date.now();
    const valid = { from: now - HOUR_MS, until: now + HOUR_MS };
    const root = await makeLink('root', valid);
    const between = await makeLink('between', { ...valid, by: root, until: now - 1_000 });
    const leaf = await makeLink('leaf', { ...valid, by: between });
    await writeFile(join(chained.path, 'tls.crt'), `${leaf.pem}${between.pem}`);
    await writeFile(join(chained.path, 'tls.key'), leaf.key);
    const metrics = createMetrics();
    const started = await startWebhook(
      { ...LOOPBACK, certificate: filesIn(chained.path), usesNamespaceDefault: false },
      surroundings({ metrics }),
    );
    assert.ok(started.ok);
    try {
      assert.deepEqual(missingIn(started.value), {});
      const expires = /^jwt_injector_certificate_expiration_timestamp_seconds (.*)$/m;
      const found = Number(expires.exec(await readText(metrics.scrape()))?.[1]);
      assert.equal(Math.floor(found), Math.floor(between.certificate.validToDate.getTime() / 1_000));
    } finally {
      await started.value.stop();
    }
  });
});

describe('the watches of the webhook', () => {
  it('are in its metrics, also those of its own certificate, and are reported as late if they are refused', async () => {
    await using server = await startBadServer(({ path, query }, response) => {
      if (!path.endsWith('/namespaces')) return refuse(response, 403, 'Forbidden');
      response.writeHead(200);
      if (query.get('watch') === 'true') return response.flushHeaders();
      return response.end('{"metadata":{"resourceVersion":"1"},"items":[]}');
    });
    await using client = clientOf(clusterAt(server.url));
    const metrics = createMetrics();
    const started = await startWebhook(
      { ...LOOPBACK, certificate: { from: 'secret', name: 'my-tls' }, usesNamespaceDefault: true },
      surroundings({ metrics, client }),
    );
    assert.ok(started.ok);
    const series = /^jwt_injector_watch_last_event_timestamp_seconds\{resource="(.*)"\} (.*)$/gm;
    await waitUntil('the namespaces to be listed', WITHIN_MS, async () => {
      const found = (await readText(metrics.scrape())).matchAll(series);
      const lastEvents = Object.fromEntries([...found].map(([, resource, at]) => [resource, Number(at)]));
      const { namespaces, ...others } = lastEvents;
      assert.deepEqual(others, { certificate: 0, 'webhook-configurations': 0 });
      return namespaces !== undefined && namespaces > 0;
    });
    await started.value.stop();
  });
});

describe('where the webhook listens', () => {
  for (const [title, ips, instead, answers] of [
    ['at those of its addresses that the machine has', ['192.0.2.1', '127.0.0.2'], /at the others$/, false],
    ['at every address if the machine has none of them', ['192.0.2.1'], /at every address instead$/, true],
  ] as const)
    it(`is ${title}, and the log names the others`, async () => {
      await using folder = await mkdtempDisposable(join(tmpdir(), 'jwt-listens-'));
      await writeCertificate(folder.path);
      const lines: Record<string, unknown>[] = [];
      const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
      const certificate = filesIn(folder.path);
      const address = { host: undefined, port: 0 };
      const started = await startWebhook(
        { address, ips, sharesPort: false, certificate, usesNamespaceDefault: false },
        surroundings({ log: createLogger({ level: 'info', destination }) }),
      );
      assert.ok(started.ok);
      try {
        const warning = lines.find(({ level }) => level === 'warn');
        assert.deepEqual(warning?.['addresses'], ['192.0.2.1']);
        assert.match(String(warning?.['msg']), instead);
        const port = Number(lines.find(({ msg }) => msg === 'listening: webhook')?.['port']);
        assert.equal(await isOpen(port, '127.0.0.2'), true);
        // Another test could listen at this port of 127.0.0.1, but nothing listens at an unused address.
        assert.equal(await isOpen(port, '127.0.0.3'), answers);
      } finally {
        await started.value.stop();
      }
    });
});

describe('a webhook that shares its port and has no certificate yet', () => {
  const start = async (client: KubeClient, port: number) =>
    startWebhook(
      {
        address: { host: undefined, port },
        ips: ['127.0.0.2'],
        sharesPort: true,
        certificate: { from: 'secret', name: 'my-tls' },
        usesNamespaceDefault: false,
      },
      surroundings({ client }),
    );

  it('leaves the connections to the other process that has the port', async () => {
    await using server = await startBadServer(() => {}); // never answers
    await using client = clientOf(clusterAt(server.url));
    const other = createServer((socket) => socket.end('other')).listen({ port: 0, reusePort: true });
    await once(other, 'listening');
    const address = other.address();
    assert.ok(typeof address === 'object' && address !== null);
    const started = await start(client, address.port);
    assert.ok(started.ok);
    try {
      await server.received(1); // it asks for its certificate
      assert.equal(await readText(connect(address.port, '127.0.0.2')), 'other');
      const missing = started.value.checks.find(({ name }) => name === 'webhook')?.missing();
      assert.equal(missing, 'no certificate yet to listen with');
    } finally {
      await started.value.stop();
      other.close();
    }
  });

  it('does not start at a port that another process has alone', async () => {
    await using server = await startBadServer(() => {});
    await using client = clientOf(clusterAt(server.url));
    const other = createServer().listen(0);
    await once(other, 'listening');
    const address = other.address();
    assert.ok(typeof address === 'object' && address !== null);
    const started = await start(client, address.port);
    assert.deepEqual(started, {
      ok: false,
      problem: `--webhook-address=:${address.port} is in use by another process: choose another port, or end that process`,
    });
    other.close();
  });
});

/** The surroundings of a webhook: without a cluster and silent, except for `more`. */
function surroundings(more: Partial<Surroundings> = {}): Surroundings {
  return {
    log: createLogger({ level: 'silent', destination: { write: () => undefined } }),
    metrics: createMetrics(),
    policy: NO_POLICY,
    client: undefined,
    namespace: 'jwt-injector',
    isInPod: false,
    ...more,
  };
}

async function isOpen(port: number, host: string): Promise<boolean> {
  const socket = connect(port, host);
  const open = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return open;
}

async function writeCertificate(folder: string): Promise<void> {
  const { cert, key } = await makeDevCertificate();
  await writeFile(join(folder, 'tls.crt'), cert);
  await writeFile(join(folder, 'tls.key'), key);
}

function filesIn(folder: string) {
  return { from: 'files', certFile: join(folder, 'tls.crt'), keyFile: join(folder, 'tls.key') } as const;
}
