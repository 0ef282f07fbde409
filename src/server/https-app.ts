import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from 'node:https';
import type { FastifyInstance } from 'fastify';

/** Fastify over HTTPS. */
export type HttpsApp = FastifyInstance<Server, IncomingMessage, ServerResponse>;
