import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from 'node:https';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';

/** Fastify over HTTPS, with our logger. */
export type WebhookApp = FastifyInstance<Server, IncomingMessage, ServerResponse, Logger>;
