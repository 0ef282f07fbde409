import { once } from 'node:events';
import { connect } from 'node:tls';
import type { Service } from '../controlplane/service.ts';
import { waitUntil } from '../controlplane/wait-until.ts';

/**
 * Makes a change, and waits until all replicas serve with the same certificate, which none of them had
 * before. A handshake shows the present certificate; the log could still show an earlier change.
 */
export async function replaceServed(
  replicas: readonly Service[],
  change: () => Promise<void>,
  withinMs: number,
): Promise<void> {
  const before = new Set(await Promise.all(replicas.map(readServed)));
  await change();
  await waitUntil('every replica to serve with a new certificate', withinMs, async () => {
    const served = new Set(await Promise.all(replicas.map(readServed)));
    return served.size === 1 && served.isDisjointFrom(before);
  });
}

/** SHA-256 of the certificate that a replica serves. */
async function readServed({ webhookPort = 0 }: Service): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port: webhookPort, rejectUnauthorized: false });
  try {
    await once(socket, 'secureConnect');
    return socket.getPeerCertificate().fingerprint256;
  } finally {
    socket.destroy();
  }
}
