import { fastify, type FastifyInstance } from 'fastify';
import { MAX_HEADER_BYTES, type ConnectionLimits } from './client-connections.ts';
import { guardProbes } from './guard-probes.ts';
import { addScrapeRoute, type Scraped } from './scrape-route.ts';

const TEXT = 'text/plain; charset=utf-8';

/** Something that has to be true before traffic may come. */
export interface ReadinessCheck {
  readonly name: string;
  /** The missing part, `undefined` when nothing is missing. Called at every probe, so it must be cheap. */
  readonly missing: () => string | undefined;
}

interface ProbesOptions {
  readonly checks: readonly ReadinessCheck[];
  readonly metrics: Scraped;
  /** Other limits, for tests that cannot wait. */
  readonly limits?: Partial<ConnectionLimits>;
}

/**
 * The plain HTTP application: `/livez` (the event loop answers), `/readyz` (503 names what is missing) and `/metrics`.
 * It listens to nothing yet.
 */
export function createProbesApp({ checks, metrics, limits = {} }: ProbesOptions): FastifyInstance {
  const app = fastify({
    logger: false,
    return503OnClosing: false,
    http: { maxHeaderSize: MAX_HEADER_BYTES },
  });
  guardProbes(app, limits);
  app.get('/livez', (_request, reply) => reply.type(TEXT).send('ok\n'));
  app.get('/readyz', (_request, reply) => {
    const results = checks.map(({ name, missing }) => ({ name, missing: missing() }));
    const lines = results.map((result) =>
      result.missing === undefined ? `[+] ${result.name}` : `[-] ${result.name}: ${result.missing}`,
    );
    const ready = results.every((result) => result.missing === undefined);
    return reply
      .code(ready ? 200 : 503)
      .type(TEXT)
      .send([...lines, ready ? 'ready' : 'not ready', ''].join('\n'));
  });
  addScrapeRoute(app, metrics);
  return app;
}
