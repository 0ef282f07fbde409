import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { Seconds } from '../time/units.ts';
import { FairShare, RANK } from './fair-share.ts';

/** Metrics as text, written while they are read. */
export interface Scraped {
  readonly contentType: string;
  /** The text of one scrape, in pieces; ending it early is allowed. */
  readonly scrape: () => AsyncIterable<string | Uint8Array>;
}

/** A pair of Prometheus servers, somebody who looks with curl, and one to spare; each costs time of the one thread. */
const MAX_SCRAPES = 4;
/** Prometheus gives up after 10 s by default; a reader that needs three times as long will not finish. */
const MAX_SCRAPE_MS = 30_000;
/** Half of what Prometheus waits by default; the metrics of 100,000 JWTs are written within a second. */
const SLOW_SCRAPE_MS = 5_000;
const RETRY_AFTER: Seconds = 5;

/**
 * `/metrics`: each scrape is written as fast as its reader takes it, so it holds no more than one piece in memory. A
 * few at a time; with one more, the address that has the most loses its oldest, and if none has more than the new one's, the
 * oldest that is slow goes; if none is, the new one is asked to try again (503). So who reads slowly keeps a Prometheus that
 * reads from elsewhere out for some seconds at the most, from however many addresses. One that takes too long is cut off,
 * as all are when the app closes.
 */
export function addScrapeRoute(app: FastifyInstance, { contentType, scrape }: Scraped): void {
  const slow = new WeakSet<Readable>();
  const shares = new FairShare<Readable>(MAX_SCRAPES, (text) => (slow.has(text) ? RANK.spare : RANK.busy));
  const running = new Set<Readable>();
  app.get('/metrics', (request, reply) => {
    const text = Readable.from(scrape());
    const losers = shares.take(request.ip, text, 1);
    for (const loser of losers) loser.destroy();
    if (losers.includes(text)) {
      return reply
        .code(503)
        .header('retry-after', RETRY_AFTER)
        .type('text/plain; charset=utf-8')
        .send(`${MAX_SCRAPES} scrapes are under way already\n`);
    }
    const timers = [
      setTimeout(() => slow.add(text), SLOW_SCRAPE_MS),
      setTimeout(() => text.destroy(), MAX_SCRAPE_MS),
    ];
    running.add(text);
    text.once('close', () => {
      for (const timer of timers) clearTimeout(timer);
      running.delete(text);
      shares.give(text);
    });
    return reply.type(contentType).send(text);
  });
  app.addHook('preClose', (done) => {
    for (const text of running) text.destroy();
    done();
  });
}
