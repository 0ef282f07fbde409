import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:net';
import { describe, it } from 'node:test';
import { createServer as createTls } from 'node:tls';
import { makeDevCertificate } from '../server/dev-certificate.ts';
import { startWebhook } from '../server/started-webhook.ts';
import type { Attack, Target } from './attack.ts';
import { BODY_ATTACKS } from './body-attacks.ts';
import { PORT_ATTACKS, unreadReview } from './port-attacks.ts';

it('the answer that is not read has the size in the title of its attack', async () => {
  const started = await startWebhook();
  const { status, text } = await started.send('/mutate/pods', unreadReview());
  await started.stop();
  assert.equal(status, 200);
  assert.equal(Math.round(text.length / 100_000), 7);
});

describe('an attack on a port', { timeout: 120_000 }, () => {
  const none = { httpPort: 1, api: { adminKubeconfig: '', url: '', ca: '' }, namespace: '' };

  async function attack(name: string, target: Pick<Target, 'webhookPort' | 'isAlone' | 'scale'>) {
    const attacks: readonly Attack[] = [...PORT_ATTACKS, ...BODY_ATTACKS];
    const chosen = attacks.find((candidate) => candidate.name === name) ?? assert.fail('no such attack');
    let wasMade = false;
    const words = await chosen.run({ ...none, ...target }, () => (wasMade = true));
    return { wasMade, words };
  }

  it('was not made if nobody accepts its connections, though the kernel does', async () => {
    const server = createServer({ allowHalfOpen: true });
    server.on('connection', (socket) => void socket.on('error', () => {}));
    const webhookPort = await listen(server);
    assert.deepEqual(await attack('half-handshakes', { webhookPort, isAlone: true, scale: 0.003 }), {
      wasMade: false,
      words: '21 of 21 opened, 0 of them ended by the service',
    });
  });

  it('tries again if it is refused at first', async () => {
    const server = createTls(await makeDevCertificate());
    let refusals = 3;
    server.on('connection', (socket) => void (refusals-- > 0 && socket.destroy()));
    const webhookPort = await listen(server);
    const { wasMade, words } = await attack('large-headers', { webhookPort, isAlone: true, scale: 0.02 });
    assert.equal(wasMade, true);
    assert.match(words, /^\d+ of 4 opened, \d+ refused/);
  });

  it('was made if each connection is refused, but not each body: nothing of it arrived', async (t) => {
    const now = performance.now.bind(performance);
    t.mock.method(performance, 'now', () => now() * 100); // nobody is that patient
    const server = createServer((socket) => void socket.on('error', () => {}).resetAndDestroy());
    const webhookPort = await listen(server);
    const target = { webhookPort, isAlone: false, scale: 0.01 };
    const [connections, body] = await Promise.all([
      attack('large-headers', target),
      attack('deep-arrays', target),
    ]);
    assert.match(connections.words, /^0 of 2 opened, \d+ refused/);
    assert.deepEqual([connections.wasMade, body], [true, { wasMade: false, words: '1 × ECONNRESET' }]);
  });

  it('was made beside others if the service took the connection, and refused the body', async (t) => {
    const now = performance.now.bind(performance);
    t.mock.method(performance, 'now', () => now() * 100);
    const server = createTls(await makeDevCertificate(), (socket) => {
      socket.on('error', () => {}).once('data', () => socket.destroy());
    });
    const webhookPort = await listen(server);
    const { wasMade, words } = await attack('deep-arrays', { webhookPort, isAlone: false, scale: 0.01 });
    assert.match(words, /^1 × ended: (?:ECONNRESET|EPIPE)$/);
    assert.equal(wasMade, true);
  });
});

/** Listens on any port of loopback; does not keep the process. */
async function listen(server: Server): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve).unref();
  await promise;
  return Object(server.address()).port;
}
