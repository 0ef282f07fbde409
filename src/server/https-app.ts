import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from 'node:https';
import type { FastifyInstance } from 'fastify';

/** Fastify over HTTPS. */
export type HttpsApp = FastifyInstance<Server, IncomingMessage, ServerResponse>;

declare module 'fastify' {
  interface FastifyRequest {
    /** When its headers were read, on the clock of `performance.now()`. */
    arrivedAt: number;
  }
}
