import { Agent, request } from 'node:https';
import type { IncomingHttpHeaders } from 'node:http';
import { once } from 'node:events';
import { text as readText } from 'node:stream/consumers';
import assert from 'node:assert/strict';
import { checkCertificate, type CertificatePair, type ServingCertificate } from '../../src/server/tls.ts';
import { createWebhook, type Webhook, type WebhookOptions } from '../../src/server/webhook.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { createMetrics, type Metrics } from '../../src/telemetry/metrics.ts';
import { makeDevCertificate, type DevCertificate } from './dev-certificate.ts';

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface StartedWebhook {
  readonly webhook: Webhook;
  readonly metrics: Metrics;
  readonly certificate: DevCertificate;
  readonly port: number;
  /** Log lines, parsed. */
  readonly lines: Record<string, unknown>[];
  readonly send: (path: string, body?: string | Buffer, options?: SendOptions) => Promise<Reply>;
  readonly stop: () => Promise<void>;
}

export interface SendOptions {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly agent?: Agent;
  readonly ca?: string;
}

/** The real application on loopback, with a certificate of its own. Its log lines are recorded. */
export async function startWebhook(options: Partial<WebhookOptions> = {}): Promise<StartedWebhook> {
  const certificate = await makeDevCertificate();
  const metrics = createMetrics();
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const logger = createLogger({ level: 'info', destination });
  const webhook = createWebhook({
    certificate: servingCertificate(certificate),
    logger,
    metrics,
    lookUpDefault: undefined,
    ownNamespace: 'jwt-injector',
    ...options,
  });
  const { port } = await webhook.listen({ hosts: ['127.0.0.1'], port: 0 });
  const agent = new Agent({ keepAlive: true });
  return {
    webhook,
    metrics,
    certificate,
    port,
    lines,
    send: (path, body, more = {}) => send(port, path, body, { agent, ca: certificate.cert, ...more }),
    stop: async () => {
      agent.destroy();
      await webhook.close(0);
    },
  };
}

/** Number of answers that the metrics count, for all decisions. */
export async function countDecisions(metrics: Metrics): Promise<number> {
  const counts = (await readText(metrics.scrape())).matchAll(
    /^jwt_injector_admission_decisions_total\{.*\} (\d+)$/gm,
  );
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}

export function servingCertificate(pair: CertificatePair): ServingCertificate {
  const checked = checkCertificate(pair);
  assert.ok(checked.ok);
  return checked.value;
}

/** Starts the webhook, runs the test, and always stops the webhook. */
export async function withWebhook(
  options: Partial<WebhookOptions>,
  test: (started: StartedWebhook) => Promise<void>,
): Promise<void> {
  const started = await startWebhook(options);
  try {
    await test(started);
  } finally {
    await started.stop();
  }
}

/** Sends one request to the webhook on loopback. */
export async function send(
  port: number,
  path: string,
  body: string | Buffer | undefined,
  options: SendOptions,
): Promise<Reply> {
  const { method = 'POST', headers = { 'content-type': 'application/json' }, agent, ca } = options;
  const outgoing = request({ host: '127.0.0.1', port, path, method, headers, agent, ca });
  outgoing.end(body);
  const [response] = await once(outgoing, 'response');
  outgoing.on('error', () => {}); // a server that refuses a body does not have to read all of it
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(Buffer.from(chunk));
  return { status: response.statusCode, headers: response.headers, text: Buffer.concat(chunks).toString() };
}
