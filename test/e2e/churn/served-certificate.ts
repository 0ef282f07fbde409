import { once } from 'node:events';
import { connect } from 'node:tls';
import { listReplicas } from './processes.ts';
import type { ControlPlane } from '../../controlplane/control-plane.ts';

const WEBHOOK_PORT = 8443;
const ANSWERED_WITHIN_MS = 5000; // as long as the API server waits

/** Fingerprints of the certificates that the replicas serve with; one, if all serve with the same. */
export async function listServedCertificates(controlPlane: ControlPlane): Promise<ReadonlySet<string>> {
  const replicas = await listReplicas(controlPlane);
  return new Set(await Promise.all(replicas.map(({ address }) => readFingerprint(address))));
}

async function readFingerprint(host: string): Promise<string> {
  // Whether it is trusted is what the API server says with each creation; here only which one it is.
  const socket = connect({ host, port: WEBHOOK_PORT, rejectUnauthorized: false });
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(ANSWERED_WITHIN_MS) });
    return socket.getPeerCertificate().fingerprint256;
  } finally {
    socket.destroy();
  }
}
