import { fastify, type FastifyReply } from 'fastify';
import type { ServiceLogger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { toSeconds, type Milliseconds } from '../time/units.ts';
import {
  parseAdmissionReview,
  writeAdmissionReview,
  type AdmissionAnswer,
  type AdmissionRequest,
} from '../resources/admission-review.ts';
import {
  ClientConnections,
  IDLE_MS,
  MAX_HEADER_BYTES,
  UNREAD_BEFORE_TLS,
  type ConnectionLimits,
} from './client-connections.ts';
import { decisionLine } from './decision-line.ts';
import { answerProblems, refuseRequest } from './http-problems.ts';
import { warnOfRefusedCertificate } from './refused-certificate.ts';
import { patienceOf } from './patience.ts';
import { ReviewRequests } from './review-requests.ts';
import type { ReviewRoute } from './review-routes.ts';
import { secureContextOptions, type ServingCertificate } from './tls.ts';
import { readTraceParent } from './trace-context.ts';
import type { HttpsApp } from './https-app.ts';

/**
 * Connections, for three API servers with 200 changing requests at a time each, at the most; memory, for each has up to 64 KiB
 * of a body and some 60 KB of TLS.
 */
export const WEBHOOK_LIMITS: ConnectionLimits = {
  connections: 600,
  guaranteed: 64, // as many reviews at once, since each takes a connection of HTTP/1.1; nine addresses can have them
  handshake: 5_000,
  asking: 10_000,
  answering: 35_000, // a webhook has at most 30 s
  idle: IDLE_MS,
  look: 250,
};

interface WebhookAppOptions {
  /** The one in use, if there is one yet; `setSecureContext` of the server takes another pair later. */
  readonly certificate: () => ServingCertificate | undefined;
  /** The routes by path, each POST. */
  readonly routes: Readonly<Record<string, ReviewRoute>>;
  readonly logger: ServiceLogger;
  readonly metrics: Pick<Metrics, 'admissions'>;
  /** Asked for every request: while true, answers end their connection. */
  readonly isDraining: () => boolean;
  /** Other limits, for tests that cannot wait. */
  readonly limits?: Partial<ConnectionLimits>;
}

interface WebhookApp {
  readonly app: HttpsApp;
  readonly connections: ClientConnections;
}

/** A request whose headers were read, on the clock of `performance.now()`, and how it is answered. */
interface Arrival {
  readonly query: string;
  readonly reply: FastifyReply;
  readonly arrivedAt: Milliseconds;
}

/** The HTTPS application. It listens to nothing yet. */
export function createWebhookApp({
  certificate,
  routes,
  logger,
  metrics,
  isDraining,
  limits = {},
}: WebhookAppOptions): WebhookApp {
  const app: HttpsApp = fastify({
    https: {
      ...secureContextOptions(certificate()),
      ...UNREAD_BEFORE_TLS,
      maxHeaderSize: MAX_HEADER_BYTES,
    },
    return503OnClosing: false, // a 503 would be a failed admission
    routerOptions: { querystringParser: (text) => ({ text }) }, // looked at only by answers that have to wait
    genReqId: () => '', // a review has a uid
    logger: false, // we log by ourselves; Fastify's logger costs two listeners for each request
  });
  metrics.admissions.showZeroErrors();
  const connections = new ClientConnections({ ...WEBHOOK_LIMITS, ...limits });
  connections.watch(app.server, { secure: true });
  warnOfRefusedCertificate(app.server, logger, certificate);
  answerProblems(app, Object.keys(routes), logger);
  app.addHttpMethod('POST', { hasBody: false, overrideExisting: true }); // bodies are read by ReviewRequests
  const requests = new ReviewRequests(connections);
  const finish = (
    request: AdmissionRequest,
    answer: AdmissionAnswer,
    { reply, arrivedAt }: Arrival,
  ): void => {
    if (!requests.send(reply, writeAdmissionReview(request.uid, answer))) return;
    metrics.admissions.note(answer, toSeconds(performance.now() - arrivedAt));
    const trace = readTraceParent(reply.request.headers['traceparent']);
    logger.infoLine(decisionLine(request, answer, trace));
  };
  const review = (route: ReviewRoute, json: unknown, arrival: Arrival): void => {
    const parsed = parseAdmissionReview(json);
    if (!parsed.ok) {
      refuseRequest(arrival.reply, 400, parsed.problem);
      return;
    }
    const request = parsed.value;
    const fail = (error: unknown): AdmissionAnswer => {
      logger.error({ err: error, uid: request.uid }, 'internal error in an admission review');
      return route.failure(request);
    };
    const { reply, query } = arrival;
    const patience = patienceOf(connections, reply.request.raw, reply.raw, query);
    const answer = attempt(() => route.answer(request, patience), fail);
    // Nearly every answer is there at once: waiting for it anyway would cost as much as making it.
    if (!(answer instanceof Promise)) finish(request, answer, arrival);
    else void answer.catch(fail).then((late) => finish(request, late, arrival));
  };
  for (const [path, route] of Object.entries(routes)) {
    app.post<{ Querystring: { text: string } }>(path, (incoming, reply) => {
      const arrival = { query: incoming.query.text, reply, arrivedAt: performance.now() };
      if (!connections.begin(incoming.raw, reply.raw)) return;
      if (isDraining()) reply.raw.setHeader('connection', 'close');
      requests.read(incoming, reply, route.bounds, (json) => review(route, json, arrival));
    });
  }
  return { app, connections };
}

function attempt<T>(make: () => T, otherwise: (error: unknown) => T): T {
  try {
    return make();
  } catch (error) {
    return otherwise(error);
  }
}
