import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:https';
import { after, before, describe, it } from 'node:test';
import { answerTo } from '../admission/jwt-reviews.ts';
import { makeDevCertificate, type DevCertificate } from '../server/dev-certificate.ts';
import { startWebhook, type StartedWebhook } from '../server/started-webhook.ts';
import { compareAnswers } from './answers.ts';

describe('the answers of two versions', () => {
  let ours: StartedWebhook;
  before(async () => {
    ours = await startWebhook({ validateJwt: (request) => answerTo(request) });
  });
  after(() => ours.stop());

  it('are compared, and counted', async () => {
    const { asked, decided, decisions, words } = await compareAnswers(
      ours.port,
      ours.port,
      ours.certificate.cert,
    );
    assert.deepEqual([decisions, words], [[], []]);
    assert.equal(decided.injected + decided.denied + decided['left alone'], asked);
  });

  const useless = {
    'with 404': [404, {}, /the version before answers a review with 404/],
    'as if they saw nothing': [
      200,
      { response: { allowed: true } },
      /decides "injected" for 0 of \d+ reviews/,
    ],
  } as const;
  for (const [how, [status, body, says]] of Object.entries(useless)) {
    it(`count as a disagreement when both answer ${how}`, async () => {
      const certificate = await makeDevCertificate();
      await using other = await serve(certificate, status, body);
      const { port } = Object(other.address());
      await assert.rejects(compareAnswers(port, port, certificate.cert), says);
    });
  }
});

/** An HTTPS server with one answer to all requests. */
async function serve(certificate: DevCertificate, status: number, body: object): Promise<Server> {
  const server = createServer(certificate, (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  return server;
}
