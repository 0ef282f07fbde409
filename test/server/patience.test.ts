import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:https';
import { describe, it } from 'node:test';
import type { NamespaceDefault } from '../../src/resources/namespace-default.ts';
import type { Patience } from '../../src/server/patience.ts';
import { container } from '../admission/pods.ts';
import { reviewText } from './reviews.ts';
import { withWebhook, type StartedWebhook } from './started-webhook.ts';

const WITHIN_MS = 60_000;
const BARE = { metadata: {}, spec: { containers: [container()] } };

/** Sends a review, and hangs up when `begun` resolves. */
async function hangUp({ port }: StartedWebhook, path: string, begun: Promise<unknown>): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const options = { host: '127.0.0.1', port, path, method: 'POST', headers, rejectUnauthorized: false };
  const outgoing = request(options);
  outgoing.on('error', () => {});
  outgoing.end(reviewText({ object: BARE }));
  await begun;
  outgoing.destroy();
}

describe('a client that hangs up while its review waits', () => {
  it('is not waited for by a look-up any longer', async () => {
    const asked = Promise.withResolvers<{ readonly owner: string; readonly signal: AbortSignal }>();
    const lookUpDefault = (
      _: string,
      asker: { readonly owner: string; readonly signal: AbortSignal },
    ): Promise<NamespaceDefault> => {
      asked.resolve(asker);
      return Promise.withResolvers<never>().promise;
    };
    await withWebhook({ lookUpDefault }, async (started) => {
      await hangUp(started, '/mutate/pods?timeout=30s', asked.promise);
      const { owner, signal } = await asked.promise;
      assert.equal(owner, '127.0.0.1');
      if (!signal.aborted) await once(signal, 'abort', { signal: AbortSignal.timeout(WITHIN_MS) });
      assert.deepEqual(started.lines, []);
    });
  });

  it('is not waited for by the trial of a key any longer', async () => {
    const asked = Promise.withResolvers<Patience>();
    const validateJwt = (_: unknown, patience: Patience): Promise<never> => {
      asked.resolve(patience);
      return Promise.withResolvers<never>().promise;
    };
    await withWebhook({ validateJwt }, async (started) => {
      const waiting = asked.promise.then((patience) => patience.gone());
      await hangUp(started, '/validate/jwts', waiting);
      const gone = await waiting;
      if (!gone.aborted) await once(gone, 'abort', { signal: AbortSignal.timeout(WITHIN_MS) });
      assert.ok((await asked.promise).gone().aborted, 'also for who asks later');
    });
  });
});
