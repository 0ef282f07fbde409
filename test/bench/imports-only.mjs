// The least a service with these libraries can be: they are imported, and Fastify listens.
import '@kubernetes/client-node';
import 'close-with-grace';
import { fastify } from 'fastify';
import 'jose';
import 'pino';
import 'prom-client';

await fastify().listen({ host: '127.0.0.1', port: 0 });
process.stdout.write('ready\n');
