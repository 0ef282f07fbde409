import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import { TLSSocket } from 'node:tls';
import { findProgram } from '../controlplane/choose-entry.ts';
import { findFreePort } from '../controlplane/free-port.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { makeDevCertificate } from '../server/dev-certificate.ts';
import { reviewText } from '../server/reviews.ts';
import { sortAddresses } from '../../src/server/own-addresses.ts';

/**
 * Addresses of a pod, as the downward API writes `status.podIPs`; those of IPv6 only if this kernel supports
 * it.
 */
const { own: known } = await sortAddresses(['127.0.0.2', '::1']);
const POD_IPS = known.includes('::1') ? ['127.0.0.2', '::1', '127.0.0.2,::1'] : ['127.0.0.2'];
/** Number of concurrent reviews, each on its own connection. */
const CLIENTS = 8;
const WITHIN_MS = 30_000;

/** One answered review, or the error of one that was not. */
type Outcome = { readonly by: string } | { readonly error: string };
/** When it was begun, by `performance.now`. */
type Review = Outcome & { readonly begun: number };

describe('two containers of a pod', () => {
  for (const podIps of POD_IPS) {
    it(`share a port at ${podIps}: no new connection is refused while the first one is killed, and it gets them back`, () =>
      killUnderLoad(podIps));
  }
});

async function killUnderLoad(podIps: string): Promise<void> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'jwt-injector-'));
  const port = await findFreePort();
  const certificates: string[] = [];
  /** Starts it with a certificate of its own, which identifies its answers. */
  const makeStart = async (name: string, env: NodeJS.ProcessEnv) => {
    const { cert, key } = await makeDevCertificate();
    certificates.push(cert);
    const files = { cert: join(folder.path, `${name}.crt`), key: join(folder.path, `${name}.key`) };
    await writeFile(files.cert, cert);
    await writeFile(files.key, key);
    const args = [
      'run',
      '--no-controller',
      '--no-namespace-default',
      `--webhook-address=:${port}`,
      '--share-webhook-port',
      '--http-address=127.0.0.1:0',
      `--tls-cert-file=${files.cert}`,
      `--tls-key-file=${files.key}`,
    ];
    return async () => {
      const child = spawn(process.execPath, [await findProgram(), ...args], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, ...env },
      });
      for await (const line of createInterface(child.stdout)) {
        if (line.includes('listening: probes')) break; // the webhook has started before this line
      }
      child.stdout.resume();
      return async (signal: NodeJS.Signals) => {
        child.kill(signal);
        if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      };
    };
  };
  const startMain = await makeStart('main', { JWT_INJECTOR_WEBHOOK_IPS: podIps });
  const startFallback = await makeStart('fallback', {});
  const endFallback = await startFallback();
  let endMain = await startMain();

  const outcomes: Review[] = [];
  const over = new AbortController();
  const hosts = podIps.split(',');
  const clients = Array.from({ length: CLIENTS }, async (_, index) => {
    const host = hosts[index % hosts.length] ?? '';
    while (!over.signal.aborted) {
      const begun = performance.now();
      outcomes.push({ ...(await ask(host, port)), begun });
    }
  });
  const isMain = (outcome: Outcome): boolean => 'by' in outcome && outcome.by === certificates[0];
  const isFallback = (outcome: Outcome): boolean => 'by' in outcome && outcome.by === certificates[1];
  /** Waits for a hundred answers that match; gives all answers since the last call. */
  const take = async (what: string, fits: (outcome: Outcome) => boolean): Promise<readonly Review[]> => {
    await waitUntil(what, WITHIN_MS, () => Promise.resolve(outcomes.filter(fits).length >= 100)).catch(
      (error: unknown) => assert.fail(`${String(error)}: ${JSON.stringify(outcomes.slice(-3))}`),
    );
    return outcomes.splice(0);
  };
  try {
    const before = await take('answers of the first', isMain);
    assert.ok(before.every(isMain), 'the one with the address of the pod answers alone');

    await endMain('SIGKILL');
    assertInUse(await take('answers of the fallback', isFallback));

    endMain = await startMain();
    const after = await take('answers of the first again', isMain);
    assert.ok(after.every((outcome) => isMain(outcome) || isFallback(outcome)));
    // The fallback may still answer what it had accepted before.
    const since = performance.now();
    const more = (await take('more of its answers', isMain)).filter(({ begun }) => begun > since);
    assert.ok(more.length > 0 && more.every(isMain));

    await endMain('SIGTERM');
    assertInUse(await take('answers of the fallback again', isFallback));
  } finally {
    over.abort();
    await Promise.all(clients);
    await Promise.all([endMain('SIGTERM'), endFallback('SIGTERM')]);
  }
}

/**
 * Asserts that the kernel had accepted these connections before, and that none was refused. A process's
 * sockets are closed one after the other: a client that loses a connection and reconnects at once can reach
 * one that is closed next, and lose that as well.
 */
function assertInUse(outcomes: readonly Outcome[]): void {
  const errors = outcomes.flatMap((outcome) => ('error' in outcome ? outcome.error : []));
  assert.ok(errors.length <= 2 * CLIENTS, errors.join(', '));
  for (const error of errors) assert.match(error, /ECONNRESET|socket hang up|EPIPE/);
}

/** Sends a review on a new connection. */
async function ask(host: string, port: number): Promise<Outcome> {
  const asking = request({
    host,
    port,
    path: '/mutate/pods?timeout=5s',
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    agent: false,
    rejectUnauthorized: false, // the certificate is checked afterwards
  });
  asking.end(reviewText());
  try {
    const [answer] = await once(asking, 'response');
    const { socket } = asking;
    const by = socket instanceof TLSSocket ? (socket.getPeerX509Certificate()?.toString() ?? '') : '';
    const body = await text(answer);
    return body.includes('"patch"') ? { by: by.trim() } : { error: body };
  } catch (error) {
    return {
      error: `${String(error)} ${error instanceof Error && 'code' in error ? String(error.code) : ''}`,
    };
  }
}
