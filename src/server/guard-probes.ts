import type { FastifyInstance } from 'fastify';
import { ClientConnections, IDLE_MS, type ConnectionLimits } from './client-connections.ts';
import { RANK } from './fair-share.ts';

/** The kubelet, some scrapers, an admin: each needs one or two connections. */
export const PROBE_LIMITS: ConnectionLimits = {
  connections: 64,
  guaranteed: 0, // the kubelet uses a connection once
  handshake: 0, // plain HTTP has none
  asking: 5_000,
  answering: 60_000, // the longest scrape_timeout in use
  idle: IDLE_MS,
  look: 250,
};
/** When the server closes, a running scrape has this long to be taken. */
const LAST_SCRAPE_MS = 2_000;

/** The plain HTTP port is as open as the webhook's: its connections are as limited. */
export function guardProbes(app: FastifyInstance, limits: Partial<ConnectionLimits> = {}): void {
  // The kubelet opens a connection for each probe: it gets one, even if as many addresses as there are connections hold one each.
  const connections = new ClientConnections({ ...PROBE_LIMITS, ...limits }, ({ state }) =>
    state === 'answering' ? RANK.busy : RANK.spare,
  );
  connections.watch(app.server, { secure: false });
  app.addHook('onRequest', (request, reply, done) => {
    if (!connections.begin(request.raw, reply.raw)) return;
    connections.received(request.raw); // nothing that is asked here has a body
    done();
  });
  app.addHook('preClose', (done) => {
    connections.endIdle();
    setTimeout(() => connections.endAll(), LAST_SCRAPE_MS).unref();
    done();
  });
}
