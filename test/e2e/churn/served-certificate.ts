import { execute } from '../../runs/execute.ts';
import { listReplicas } from './processes.ts';
import type { ControlPlane } from '../../controlplane/control-plane.ts';

const WEBHOOK_PORT = 8443;
const ANSWERED_WITHIN_MS = 5000; // the timeout of the API server

/**
 * Fingerprints of the certificates that the replicas serve, and their fallback webhooks; a single one if all
 * are equal.
 */
export async function listServedCertificates(controlPlane: ControlPlane): Promise<ReadonlySet<string>> {
  const replicas = await listReplicas(controlPlane);
  const served = replicas.flatMap(({ addresses, fallbackPid }) =>
    // The first container listens at the addresses of the pod, the fallback at every other one.
    [...addresses, '127.0.0.1'].map((host) => readFingerprint(host, fallbackPid)),
  );
  return new Set(await Promise.all(served));
}

/** Only reads which certificate it is. Whether it is trusted is shown by each creation. */
const PRINT_FINGERPRINT = `
  const [host, port] = process.argv.slice(1);
  const socket = require('node:tls').connect({ host, port, rejectUnauthorized: false }, () => {
    process.stdout.write(socket.getPeerCertificate().fingerprint256);
    socket.destroy();
  });`;

/** Runs in the network of a process. */
async function readFingerprint(host: string, pid: number): Promise<string> {
  const args = [`--target=${pid}`, '--net', process.execPath, '-e', PRINT_FINGERPRINT];
  const asked = execute('nsenter', [...args, host, String(WEBHOOK_PORT)], {
    timeout: ANSWERED_WITHIN_MS,
  });
  return (await asked).stdout;
}
