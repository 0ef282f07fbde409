import assert from 'node:assert/strict';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { Agent } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parseConfig } from '../../src/config/config.ts';
import { startService } from '../../src/service/start-service.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { answer, refuse, startBadServer, type Handler } from '../kube/bad-server.ts';
import { makeDevCertificate } from '../server/dev-certificate.ts';
import { reviewText } from '../server/reviews.ts';
import { send } from '../server/started-webhook.ts';

const WITHIN_MS = 60_000;
/** The service drains and reads its credentials as in a pod. */
const IN_A_POD = { KUBERNETES_SERVICE_HOST: '127.0.0.1' };

describe('the service that stops', () => {
  it('reports that at once, and ends connections while the API server does not answer', async () => {
    await using server = await startBadServer(emptyCluster);
    await using running = await startAt(server.url);
    await waitUntil('the lead', WITHIN_MS, () => running.lines.some(({ msg }) => msg.startsWith('leading:')));
    assert.equal((await running.review()).headers.connection, 'keep-alive');
    const seen = server.requests.length;
    const unanswered: ServerResponse[] = [];
    server.handler = (_request, response) => void unanswered.push(response);

    const stopped = running.stop();
    const { status, text } = await running.probe('readyz');
    assert.deepEqual([status, text.split('\n')[0]], [503, '[-] webhook: stopping']);
    await waitUntil('the lease to be given back', WITHIN_MS, () =>
      server.requests.slice(seen).some(({ method, path }) => method === 'PATCH' && path.includes('/leases/')),
    );
    const reply = await running.review();
    assert.deepEqual([reply.status, reply.headers.connection], [200, 'close']);
    const metrics = await running.probe('metrics');
    assert.deepEqual([metrics.status, metrics.text.includes('jwt_injector_leader')], [200, true]);

    server.handler = (_request, response) => refuse(response, 503, 'ServiceUnavailable');
    for (const response of unanswered) refuse(response, 503, 'ServiceUnavailable');
    await stopped;
    await assert.rejects(running.probe('livez'), 'the probes are the last to end');
  });
});

describe('the service without the namespace of its Lease', () => {
  it('names the problem and the remedy', async () => {
    await using server = await startBadServer((request, response) =>
      request.method === 'POST' && request.path.includes('/leases')
        ? refuse(response, 404, 'NotFound')
        : emptyCluster(request, response),
    );
    await using running = await startAt(server.url);
    const isFailure = ({ msg }: LogLine): boolean => msg === 'leader election failed, trying again';
    await waitUntil('its log line', WITHIN_MS, () => running.lines.some(isFailure));
    const problem =
      'the namespace default of the Lease does not exist: create it, or name another one with --lease-namespace';
    assert.equal(running.lines.find(isFailure)?.problem, problem);
  });
});

/** Stores nothing, and grants each lease. */
const emptyCluster: Handler = ({ method, path, query, body }, response) => {
  if (method === 'POST') return answer(response, 201, { ...JSON.parse(body), ...named('1') });
  if (method === 'PATCH') return answer(response, 200, { ...JSON.parse(body), ...named('2') });
  if (path.includes('/leases/')) return refuse(response, 404, 'NotFound');
  if (query.get('watch') === 'true') return response.writeHead(200).flushHeaders();
  return answer(response, 200, { metadata: { resourceVersion: '1' }, items: [] });
};

function named(resourceVersion: string): object {
  return { metadata: { name: 'jwt-injector', namespace: 'default', resourceVersion } };
}

interface LogLine {
  readonly msg: string;
  readonly port?: number;
  readonly problem?: string;
}

/** Starts both halves on free ports, with certificates from files. */
async function startAt(url: string) {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'jwt-service-'));
  const write = async (name: string, content: string): Promise<string> => {
    await writeFile(join(folder.path, name), content);
    return join(folder.path, name);
  };
  const { cert, key } = await makeDevCertificate();
  const cluster = { server: url, 'insecure-skip-tls-verify': true };
  const kubeconfig = JSON.stringify({
    clusters: [{ name: 'test', cluster }],
    users: [{ name: 'test', user: { token: 'x' } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    'current-context': 'test',
  });
  const args = [
    `--kubeconfig=${await write('kubeconfig', kubeconfig)}`,
    `--tls-cert-file=${await write('tls.crt', cert)}`,
    `--tls-key-file=${await write('tls.key', key)}`,
    '--webhook-address=127.0.0.1:0',
    '--http-address=127.0.0.1:0',
    '--lease-namespace=default',
  ];
  const config = parseConfig(args, IN_A_POD);
  assert.ok(config.ok);
  const lines: LogLine[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const service = await startService(config.value, createLogger({ level: 'info', destination }));
  assert.ok(service.ok);
  const portOf = (what: string): number => lines.find(({ msg }) => msg === `listening: ${what}`)?.port ?? 0;
  const agent = new Agent({ keepAlive: true });
  const { value: running } = service;
  const stop = () => running.stop();
  return {
    stop,
    lines,
    review: () => send(portOf('webhook'), '/mutate/pods', reviewText(), { agent, ca: cert }),
    probe: async (path: string) => {
      const reply = await fetch(`http://127.0.0.1:${portOf('probes and metrics')}/${path}`);
      return { status: reply.status, text: await reply.text() };
    },
    [Symbol.asyncDispose]: async () => {
      agent.destroy();
      await stop();
    },
  };
}
