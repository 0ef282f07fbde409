import { STATUS_CODES } from 'node:http';
import type { FastifyError, FastifyReply } from 'fastify';
import type { Logger } from 'pino';
import type { HttpsApp } from './https-app.ts';

/** The problems of requests that are not reviews. Fixed texts: an error's own may quote the body. */
const SENTENCES: Readonly<Record<number, string>> = {
  400: 'the body is not valid JSON',
  404: 'no such path',
  405: 'send a POST',
  413: 'the body is larger than 8 MiB',
  415: 'send content-type application/json',
  429: 'too many large requests at once: try again',
};

/**
 * A Status (Kubernetes API, meta/v1), so that the API server can show the message. It ends the connection: some of the
 * request may be still to come.
 */
export function refuseRequest(
  reply: FastifyReply,
  code: number,
  message = SENTENCES[code] ?? 'not possible',
): FastifyReply {
  const reason = (STATUS_CODES[code] ?? '').replaceAll(/[^A-Za-z]/g, '');
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code };
  return reply.code(code).header('connection', 'close').send(status);
}

/** Unknown paths, wrong methods, and whatever Fastify refuses itself. */
export function answerProblems(app: HttpsApp, paths: readonly string[], logger: Logger): void {
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '';
    if (!paths.includes(path)) return refuseRequest(reply, 404);
    return refuseRequest(reply.header('allow', 'POST'), 405);
  });
  app.setErrorHandler((error: FastifyError, _request, reply) => {
    const code = error.statusCode ?? 500;
    if (code < 500) return refuseRequest(reply, code);
    logger.error({ err: error }, 'internal error in a request');
    return refuseRequest(reply, 500, 'internal error');
  });
}
