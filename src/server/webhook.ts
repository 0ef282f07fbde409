import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceLogger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { toSeconds, type Milliseconds } from '../time/units.ts';
import { createWebhookApp } from './app.ts';
import { UNREAD_BEFORE_TLS, type ConnectionLimits } from './client-connections.ts';
import { listenMany, type ListenPlace, type Port } from './listen-many.ts';
import { jwtRoute, podRoute, workloadRoute, type ReviewRoute, type RouteOptions } from './review-routes.ts';
import { secureContextOptions, type ServingCertificate } from './tls.ts';

/**
 * How long a draining server still takes connections: Kubernetes needs some seconds to take it out of the Service, and
 * every client in use needs one answer that ends its connection.
 */
const WEBHOOK_DRAIN_MS = 5_000;
/** After this time, connections that are still open carry no request: a handshake without one, or a body that does not come. */
const CLOSE_LIMIT_MS = 5_000;
const SWEEP_MS = 50;

/** The settings that the webhook serves with, and its look-ups. */
export interface WebhookOptions extends RouteOptions {
  /** The certificate to begin with; without it, no handshake succeeds before `useCertificate`. */
  readonly certificate: ServingCertificate | undefined;
  readonly logger: ServiceLogger;
  readonly metrics: Pick<Metrics, 'admissions' | 'gauges'>;
  /** Other limits, for tests that cannot wait. */
  readonly limits?: Partial<ConnectionLimits>;
  /** The answer of `/validate/jwts`, a path that exists only with it. */
  readonly validateJwt?: ReviewRoute['answer'];
}

/** The webhook from its first connection to its last. */
export interface Webhook {
  /** Resolves when connections are accepted. Port 0 takes a free one. */
  readonly listen: (place: ListenPlace) => Promise<AddressInfo>;
  readonly isListening: () => boolean;
  /** The one in use. */
  readonly certificate: () => ServingCertificate | undefined;
  /** New connections get the new pair, open ones go on. */
  readonly useCertificate: (certificate: ServingCertificate) => void;
  /**
   * Drains for `drainTime` (0 when no cluster sends requests): every answer ends its connection, so that clients go
   * elsewhere, and new connections are still taken. Then it stops listening, lets running requests end, and resolves within
   * seconds. No request is dropped.
   */
  readonly close: (drainTime?: Milliseconds) => Promise<void>;
}

/** The HTTPS webhook with its certificate and its end. */
export function createWebhook(options: WebhookOptions): Webhook {
  const { logger, metrics, validateJwt } = options;
  let inUse = options.certificate;
  let isDraining = false;
  let port: Port | undefined;
  const { app, connections } = createWebhookApp({
    certificate: () => inUse,
    logger,
    metrics,
    limits: options.limits ?? {},
    isDraining: () => isDraining,
    routes: {
      '/mutate/pods': podRoute(options),
      '/mutate/workloads': workloadRoute(options),
      ...(validateJwt === undefined ? {} : { '/validate/jwts': jwtRoute(validateJwt) }),
    },
  });
  metrics.gauges.readCertificate(
    () => inUse && { validFrom: toSeconds(inUse.validFrom), expiresAt: toSeconds(inUse.expiresAt) },
  );
  return {
    listen: async (place) => {
      port = await listenMany(app, place, UNREAD_BEFORE_TLS);
      return port.address;
    },
    isListening: () => app.server.listening,
    certificate: () => inUse,
    useCertificate: (certificate) => {
      app.server.setSecureContext(secureContextOptions(certificate));
      inUse = certificate;
    },
    close: async (drainTime = WEBHOOK_DRAIN_MS) => {
      isDraining = true;
      await sleep(drainTime);
      // Node closes the idle connections once; one that is busy at that moment would stay until its client leaves.
      const sweep = setInterval(() => connections.endIdle(), SWEEP_MS);
      const limit = setTimeout(() => connections.endAll(), CLOSE_LIMIT_MS);
      try {
        await Promise.all([port?.close(), app.close()]);
      } finally {
        clearInterval(sweep);
        clearTimeout(limit);
      }
    },
  };
}
