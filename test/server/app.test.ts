import assert from 'node:assert/strict';
import { once } from 'node:events';
import { text as readText } from 'node:stream/consumers';
import { connect, type TLSSocket } from 'node:tls';
import { describe, it } from 'node:test';
import type { NamespaceDefault } from '../../src/resources/namespace-default.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { annotatedPod, container, KEYS } from '../admission/pods.ts';
import { reviewText } from './reviews.ts';
import { countDecisions, withWebhook, type StartedWebhook } from './started-webhook.ts';

const MIB = 1024 * 1024;
const WITHIN_MS = 60_000;

/** A client that has sent the head of a request. */
async function announce({ port, certificate }: StartedWebhook, bytes: number): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, ca: certificate.cert }).on('error', () => {});
  await once(socket, 'secureConnect');
  socket.write(`POST /mutate/pods HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n`);
  socket.write(`content-length: ${bytes}\r\n\r\n{`);
  return socket;
}

describe('an answer', { timeout: 2 * WITHIN_MS }, () => {
  it('that is large uses the room of its own body if its client has used all other room', async () => {
    await withWebhook({}, async (started) => {
      const containers = Array.from({ length: 400 }, (_, index) => container(`c${index}`));
      const path = `/${'x'.repeat(200)}`;
      const review = reviewText({ object: annotatedPod({ containers }, { [KEYS.mountPath]: path }) });
      const body = review.padEnd(8 * MIB);
      using crowd = new DisposableStack();
      const sockets: TLSSocket[] = [];
      for (let count = 0; count < 8; count += 1) {
        const socket = await announce(started, body.length);
        crowd.defer(() => socket.destroy());
        sockets.push(socket);
      }
      const [oldest, ...others] = sockets;
      assert.ok(oldest !== undefined);
      oldest.write(body.slice(1));
      const answer = await readText(oldest);
      assert.match(answer, /^HTTP\/1\.1 200 OK/);
      assert.ok(answer.length > 100_000, `${answer.length} bytes`);
      for (const { destroyed, readableEnded } of others)
        assert.deepEqual([destroyed, readableEnded], [false, false]);
      assert.deepEqual([started.lines.length, await countDecisions(started.metrics)], [1, 1]);
    });
  });

  it('whose client is gone is neither counted nor logged', async () => {
    const lookUps: PromiseWithResolvers<NamespaceDefault>[] = [];
    const lookUpDefault = (): Promise<NamespaceDefault> => {
      const lookUp = Promise.withResolvers<NamespaceDefault>();
      lookUps.push(lookUp);
      return lookUp.promise;
    };
    await withWebhook({ lookUpDefault }, async (started) => {
      const body = reviewText({ object: { metadata: {}, spec: { containers: [container()] } } });
      const gone = await announce(started, body.length);
      gone.write(body.slice(1));
      await waitUntil('the look-up', WITHIN_MS, () => lookUps.length === 1);
      gone.destroy();
      const waiting = started.send('/mutate/pods', body);
      await waitUntil('the next one', WITHIN_MS, () => lookUps.length === 2);
      for (const { resolve } of lookUps) resolve({ known: true, token: 'my-jwt' });
      assert.equal((await waiting).status, 200);
      assert.deepEqual([started.lines.length, await countDecisions(started.metrics)], [1, 1]);
    });
  });
});
