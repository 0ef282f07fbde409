import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { WEBHOOK_CERTIFICATES } from '../controlplane/stage.ts';

/** An answer of the webhook. */
export interface Reply {
  readonly status: number;
  readonly text: string;
}

export interface Reviewer {
  sendReview(review: string, signal: AbortSignal): Promise<Reply>;
  close(): void;
}

/** Sends reviews to the webhook, with the timeout of the shipped configuration and a connection that stays open. */
export function openReviewer(
  { folder }: { readonly folder: string },
  port: () => number | undefined,
): Reviewer {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return {
    sendReview: async (review, signal) => {
      const ca = await readFile(join(folder, WEBHOOK_CERTIFICATES, 'ca.crt'));
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(review) };
      const address = { host: '127.0.0.1', port: port(), path: '/mutate/pods?timeout=5s' };
      const asking = request({ ...address, method: 'POST', agent, ca, headers, signal });
      asking.end(review);
      const [response] = await once(asking, 'response');
      return { status: response.statusCode, text: await text(response) };
    },
    close: () => agent.destroy(),
  };
}
