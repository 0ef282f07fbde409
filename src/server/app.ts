import { fastify, type FastifyReply } from 'fastify';
import type { ServiceLogger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import {
  parseAdmissionReview,
  writeAdmissionReview,
  type AdmissionAnswer,
  type AdmissionRequest,
} from '../resources/admission-review.ts';
import { timeForAnswer } from './deadline.ts';
import { decisionLine } from './decision-line.ts';
import { answerProblems, refuseRequest } from './http-problems.ts';
import { warnOfRefusedCertificate } from './refused-certificate.ts';
import type { ReviewRoute } from './review-routes.ts';
import { secureContextOptions, type ServingCertificate } from './tls.ts';
import type { WebhookApp } from './webhook-app.ts';

/** Objects have up to 3 MiB; a review of an update carries two, with some room for escapes. */
const BODY_LIMIT = 8 * 1024 * 1024;
/** Go's client drops idle connections after 90 s: it must be the one that does. */
const KEEP_ALIVE_MS = 95_000;
/** From the first byte of a request to its last: a half-sent body ends here. */
const REQUEST_TIMEOUT_MS = 10_000;
const HEADERS_TIMEOUT_MS = 5_000;
/** How often Node looks at the two above; by default every 30 s. */
const CONNECTIONS_CHECKING_MS = 1_000;

const JSON_TYPE = 'application/json; charset=utf-8';

export interface WebhookAppOptions {
  /** The one in use; `setSecureContext` of the server takes another pair later. */
  readonly certificate: () => ServingCertificate;
  /** By path, each POST. */
  readonly routes: Readonly<Record<string, ReviewRoute>>;
  readonly logger: ServiceLogger;
  readonly metrics: Pick<Metrics, 'admissions'>;
  /** Asked for every request: while true, answers end their connection. */
  readonly isDraining: () => boolean;
}

/** The HTTPS application. It listens to nothing yet. */
export function createWebhookApp({
  certificate,
  routes,
  logger,
  metrics,
  isDraining,
}: WebhookAppOptions): WebhookApp {
  const app: WebhookApp = fastify({
    https: {
      ...secureContextOptions(certificate()),
      headersTimeout: HEADERS_TIMEOUT_MS,
      connectionsCheckingInterval: CONNECTIONS_CHECKING_MS,
    },
    bodyLimit: BODY_LIMIT,
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    return503OnClosing: false, // a 503 would be a failed admission
    onProtoPoisoning: 'ignore', // such keys are read as own members only, and the API server drops them
    onConstructorPoisoning: 'ignore',
    logger: false, // what there is to tell we tell ourselves; Fastify's own costs two listeners for each request
  });
  warnOfRefusedCertificate(app.server, logger, certificate);
  app.removeContentTypeParser('text/plain');
  answerProblems(app, Object.keys(routes), logger);
  app.decorateRequest('arrivedAt', 0);
  app.addHook('onRequest', (request, reply, done) => {
    request.arrivedAt = performance.now();
    if (isDraining()) void reply.header('connection', 'close');
    if ((request.headers['content-encoding'] ?? 'identity') === 'identity') done();
    else refuseRequest(reply, 415, 'send the body without content-encoding');
  });
  const conclude = (review: AdmissionRequest, answer: AdmissionAnswer, reply: FastifyReply): FastifyReply => {
    metrics.admissions.note(answer, (performance.now() - reply.request.arrivedAt) / 1000);
    logger.infoLine(decisionLine(review, answer));
    return reply.type(JSON_TYPE).send(writeAdmissionReview(review.uid, answer));
  };
  for (const [path, route] of Object.entries(routes)) {
    app.post<{ Querystring: { timeout?: unknown } }>(path, (request, reply) => {
      const parsed = parseAdmissionReview(request.body);
      if (!parsed.ok) return refuseRequest(reply, 400, parsed.problem);
      const review = parsed.value;
      const fail = (error: unknown): AdmissionAnswer => {
        logger.error({ err: error, uid: review.uid }, 'internal error in an admission review');
        return route.failure(review);
      };
      const answer = attempt(() => route.answer(review, () => timeForAnswer(request.query.timeout)), fail);
      // Nearly every answer is there at once: waiting for it all the same would cost as much as making it.
      if (!(answer instanceof Promise)) return conclude(review, answer, reply);
      return answer.catch(fail).then((late) => conclude(review, late, reply));
    });
  }
  return app;
}

function attempt<T>(make: () => T, otherwise: (error: unknown) => T): T {
  try {
    return make();
  } catch (error) {
    return otherwise(error);
  }
}
