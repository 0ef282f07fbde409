import { Agent } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { scaled, type Attack, type Target } from './attack.ts';
import { keysOf } from './body.ts';
import { countWords, inParallel } from './in-parallel.ts';
import { countMet } from './met-count.ts';
import { hugeRsaKey } from './objects.ts';
import { crowdAddress, dial, post } from './port-client.ts';
import { jwtReview, reviewOf, undecidedReview } from './reviews.ts';

const PODS = '/mutate/pods';
const WORKLOADS = '/mutate/workloads';
const JWTS = '/validate/jwts';

/** A text that makes a body almost as large as the service reads (8 MiB). */
const LARGE_NOTE = 'n'.repeat(8_000_000);
/** A connection's time for its whole body, and then until the client hangs up. */
const SENT_WITHIN_MS = 5_000;
const HANG_UP_AFTER_MS = 20;

/** Clients of the webhook's port with up to two hundred addresses: each has a share of its own. */
export const CROWD_ATTACKS: readonly Attack[] = [
  {
    name: 'foreign-namespaces',
    title: '6,000 pods and Deployments in as many namespaces that do not exist, from 50 addresses',
    from: 'port',
    run: posting(6_000, 200, (number) => {
      const isPod = number % 2 === 0;
      const body = undecidedReview(isPod ? 'pods' : 'deployments', `none-${number}`);
      return { path: isPod ? PODS : WORKLOADS, body, from: number % 50 };
    }),
  },
  {
    name: 'costly-crowd',
    title:
      '2,500 bodies of 64 KB that take milliseconds each, from 200 addresses that come one after another',
    from: 'port',
    run: posting(2_500, 200, (number) => ({ path: PODS, body: COSTLY, from: Math.floor(number / 13) })),
  },
  {
    name: 'handshake-crowd',
    title: '4,000 TLS connections that are ended at once, from 200 addresses',
    fullOnly: true,
    from: 'port',
    run: async (target, reached) => {
      const count = scaled(4_000, target);
      const met = countMet(count, target.isAlone, reached);
      await inParallel(count, 100, async (number) => {
        const dialled = await dial(target.webhookPort, crowdAddress(number));
        met.add(typeof dialled === 'string' ? dialled : 'opened');
        if (typeof dialled !== 'string') dialled.destroy();
      });
      return met.words();
    },
  },
  {
    name: 'hang-up',
    title: '120 clients that send a body of 8 MB whose answer has to wait, and hang up after it',
    from: 'port',
    run: async (target, reached) => {
      const small = Buffer.from(RSA_REVIEW);
      const agent = new Agent({ keepAlive: true, maxSockets: 4 });
      const end = new AbortController();
      // Keys and names of others make each large one wait for its turn.
      const busy = inParallel(16, 16, async (lane) => {
        while (!end.signal.aborted) await post(target.webhookPort, JWTS, small, agent, crowdAddress(lane));
      });
      const results = await inParallel(scaled(120, target), 8, async (number) => {
        const [path, body] =
          number % 2 === 0
            ? [PODS, undecidedReview('pods', `none-${number}`, `,"note":"${LARGE_NOTE}"`)]
            : [JWTS, LARGE_RSA_REVIEW];
        return hangUp(target, path, body, crowdAddress(number), reached);
      });
      end.abort();
      await busy;
      agent.destroy();
      return countWords(results);
    },
  },
];

/** Half of its bytes are members of objects, each with another name. It is too small to be refused for their number. */
const COSTLY = reviewOf('pods', 'Pod', `{"metadata":{"name":"a"},"spec":{${keysOf(6_500, 'k', '1')}}}`);

const RSA_KEY = `"algorithm":"RS256","data":{},"key":{"value":${JSON.stringify(hugeRsaKey(8_192))}}`;
const RSA_REVIEW = jwtReview(RSA_KEY);
const LARGE_RSA_REVIEW = jwtReview(`${RSA_KEY},"note":"${LARGE_NOTE}"`);

interface Posted {
  readonly path: string;
  readonly body: string;
  /** The number of its address. */
  readonly from: number;
}

/** Posts `count` bodies, `atOnce` at the same time, each over a connection of its own. */
function posting(count: number, atOnce: number, make: (number: number) => Posted): Attack['run'] {
  return async (target, reached) => {
    const agent = new Agent({ keepAlive: false });
    const answers = await inParallel(scaled(count, target), atOnce, async (number) => {
      const { path, body, from } = make(number);
      const answer = await post(target.webhookPort, path, Buffer.from(body), agent, crowdAddress(from));
      if (answer.startsWith('200 ')) reached();
      return answer.replaceAll(/none-\d+/g, '…');
    });
    agent.destroy();
    return countWords(answers);
  };
}

/** Sends a whole request and ends the connection before its answer. */
async function hangUp(
  { webhookPort, isAlone }: Target,
  path: string,
  body: string,
  localAddress: string,
  reached: () => void,
): Promise<string> {
  const socket = await dial(webhookPort, localAddress);
  if (socket === 'refused' && !isAlone) reached(); // beside others it can be beyond a limit
  if (typeof socket === 'string') return socket;
  const head = `POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n`;
  const sent = Promise.withResolvers<boolean>();
  socket.once('close', () => sent.resolve(false));
  socket.write(`${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`, () => sent.resolve(true));
  const isSent = await Promise.race([sent.promise, sleep(SENT_WITHIN_MS, false)]);
  if (isSent) {
    reached();
    await sleep(HANG_UP_AFTER_MS);
  }
  socket.destroy();
  return isSent ? 'hung up' : 'ended';
}
