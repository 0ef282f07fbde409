import { Agent } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { scaled, type Attack } from './attack.ts';
import { PATIENCE_MS, TRY_AGAIN_MS } from './hold-connections.ts';
import { countWords, inParallel } from './in-parallel.ts';
import { JSON_BODIES } from './json-bodies.ts';
import { JWT_BODIES } from './jwt-bodies.ts';
import { POD_BODIES } from './pod-bodies.ts';
import { post } from './port-client.ts';

const AT_ONCE = 8;
/** An answer, and not the error code of a connection. */
const STATUS = /^\d{3} /;

/**
 * Bodies of up to 8 MiB that cost more than their size suggests, sent to the webhook by a client without any
 * right.
 */
export const BODY_ATTACKS: readonly Attack[] = [...JSON_BODIES, ...POD_BODIES, ...JWT_BODIES].map(
  ({ name, title, path = '/mutate/pods', make, reaches, count = 16, fullOnly }) => ({
    name,
    title: `${title}, ${count} times`,
    from: 'port',
    fullOnly,
    run: async (target, reached) => {
      const body = Buffer.from(make());
      const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
      const answers = await inParallel(scaled(count, target), AT_ONCE, async () => {
        const deadline = performance.now() + (target.isAlone ? 0 : PATIENCE_MS);
        for (;;) {
          const answer = await post(target.webhookPort, path, body, agent);
          // When many attacks run together, it is enough that the service answered, for example that it is busy,
          // or did not want the body.
          const isOver = performance.now() > deadline;
          const isMet = target.isAlone ? reaches.test(answer) : STATUS.test(answer);
          if (isMet || (isOver && !target.isAlone && answer.startsWith('ended: '))) reached();
          if (isMet || isOver) return answer;
          await sleep(TRY_AGAIN_MS);
        }
      });
      agent.destroy();
      return countWords(answers);
    },
  }),
);
