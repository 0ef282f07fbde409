import { mkdtemp, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCertificateAuthority } from '../controlplane/certificates.ts';
import { writeKubeconfig } from '../controlplane/kubeconfig.ts';
import type { Loose } from '../integration/objects.ts';
import { openArena } from './arena.ts';

/**
 * A program that opens an arena on an API server that has no objects, so that the service starts and then
 * fails. It prints why the arena was not opened, and ends by itself if nothing of the arena still runs.
 */
const authority = await createCertificateAuthority('an API server');
const { certificate, key } = await authority.issue(['localhost'], ['127.0.0.1']);
const server = createServer({ cert: certificate, key }, (_, answer) => {
  answer.end(JSON.stringify({ items: [], metadata: { resourceVersion: '1' } }));
});
await once(server.listen(0, '127.0.0.1'), 'listening');
const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
const folder = await mkdtemp(join(tmpdir(), 'jwt-injector-arena-'));
const adminKubeconfig = await writeKubeconfig(join(folder, 'admin.kubeconfig'), {
  url,
  ca: authority.certificate,
  user: 'admin',
  token: 'x',
});

const lostService: Loose = {
  exited: new Promise(() => undefined),
  kill: () => true,
  stop: async () => 0,
  output: () => '',
  logLines: () => {
    throw new Error('the service was lost');
  },
};
const stage: Loose = {
  cluster: {
    url,
    ca: authority.certificate,
    folder,
    adminKubeconfig,
    serviceAccountKubeconfig: async () => adminKubeconfig,
  },
  service: () => lostService,
  startService: async () => lostService,
  stop: async () => {
    server.close();
    server.closeAllConnections();
    await rm(folder, { recursive: true });
  },
};
await openArena({ short: true, openStage: async () => stage }).catch(({ message }) => console.log(message));
