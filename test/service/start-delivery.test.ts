import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { pino } from 'pino';
import { startDelivery } from '../../src/service/start-delivery.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { clientOf, clusterAt, refuse, startBadServer, type Handler } from '../kube/bad-server.ts';

/** Longer than an answer of a server in this process takes on a busy machine. */
const WITHIN_MS = 30_000;
const LISTED = 'every pod was looked at';

/** A delivery with an API server that answers like this; `lines` has the messages of its log. */
async function startBeside(t: TestContext, namespaces: readonly string[] | undefined, handler: Handler) {
  const server = await startBadServer(handler);
  const client = clientOf(clusterAt(server.url));
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => lines.push(String(JSON.parse(line).msg)) });
  const metrics = createMetrics();
  const delivery = startDelivery({ client, log, metrics, isSigningBehind: () => false, namespaces });
  t.after(async () => {
    await delivery.stop();
    await client[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });
  const logged = async (message: string): Promise<void> => {
    await waitUntil(message, WITHIN_MS, () => lines.includes(message));
  };
  return { delivery, server, lines, logged };
}

const answer: Handler = ({ query }, response) => {
  response.writeHead(200);
  if (query.get('watch') === 'true') response.flushHeaders();
  else response.end('{"metadata":{"resourceVersion":"8"},"items":[]}');
};

describe('the log says that all pods were read', () => {
  it('only after the last namespace could be listed', async (t) => {
    let isClosed = true;
    const { server, lines, logged } = await startBeside(t, ['a', 'b'], (request, response) =>
      isClosed && request.path.includes('/namespaces/b/')
        ? refuse(response, 403, 'Forbidden')
        : answer(request, response),
    );
    const refusals = () => server.requests.filter(({ path }) => path.includes('/namespaces/b/')).length;
    await waitUntil('two refusals', WITHIN_MS, () => refusals() >= 2);
    assert.ok(!lines.includes(LISTED), String(lines));
    isClosed = false;
    await logged(LISTED);
  });

  it('never if it was stopped before', async (t) => {
    const { delivery, server, lines } = await startBeside(t, undefined, () => {});
    await server.received(1);
    await delivery.stop();
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(lines, []);
  });
});
