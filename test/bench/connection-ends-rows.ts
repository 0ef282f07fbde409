import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { findFreePort } from '../controlplane/free-port.ts';
import { waitForWebhook, type Stage } from '../controlplane/stage.ts';
import { inParallel, openBareClient } from './bare-client.ts';
import { startMeasured } from './measured-service.ts';
import type { Row } from './report.ts';
import { openSlowRoad } from './slow-road.ts';

/**
 * Requests at the same time: kube-apiserver opens a connection for each, and does not use some of them, as
 * another one was free earlier.
 */
const AT_ONCE = 25;
/**
 * Pauses between two waves: around the time at which Node's own limits answer an unused connection with a
 * 408. The longest is beyond the 90 s after which Go's client closes an idle connection, and the 95 s after
 * which ours does.
 */
const PAUSES_MS = [4_900, 4_960, 5_000, 5_040, 5_100];
const LONG_PAUSES_MS = [89_900, 94_950];
const DELAYS_MS = [0, 20];

/**
 * Creates pods when the connections between the API server and the webhook are about to end, on a fast and on
 * a slow connection. A request on a connection that is just closed is not repeated, and its pod is refused.
 */
export async function measureConnectionEnds(stage: Stage, tries: number): Promise<readonly Row[]> {
  const { cluster } = stage;
  await cluster.createNamespace('ends');
  const bare = await openBareClient(cluster.adminKubeconfig, AT_ONCE);
  const rows: Row[] = [];
  for (const delayMs of DELAYS_MS) {
    const port = delayMs === 0 ? stage.webhookPort : await findFreePort();
    const service = await startMeasured({
      args: [...stage.serviceArgs, '--no-controller', `--webhook-address=127.0.0.1:${port}`],
      logFile: join(cluster.folder, `ends-${delayMs}.log`),
      cluster,
    });
    using roads = new DisposableStack();
    if (delayMs > 0) roads.use(await openSlowRoad(stage.webhookPort, port, delayMs));
    await waitForWebhook(cluster);
    const problems: { readonly wave: number; readonly error: string }[] = [];
    let wave = 0;
    const turns = monitorEventLoopDelay();
    turns.enable();
    const create = async (): Promise<void> => {
      try {
        const pod = await bare.send('POST', '/api/v1/namespaces/ends/pods?dryRun=All', POD);
        if (!pod.includes('BEARER_TOKEN_FILE')) throw new Error('a pod was not injected');
      } catch (error) {
        problems.push({ wave, error: String(error) });
      }
    };
    const waves = Math.ceil(tries / AT_ONCE);
    for (; wave < waves; wave += 1) {
      await inParallel(AT_ONCE, AT_ONCE, create);
      const long = LONG_PAUSES_MS[wave];
      await sleep(long ?? PAUSES_MS[wave % PAUSES_MS.length]);
    }
    await inParallel(AT_ONCE, AT_ONCE, create);
    turns.disable();
    const count = (waves + 1) * AT_ONCE;
    rows.push({
      what: `pods refused of ${count}, connections about to end${delayMs === 0 ? '' : `, ${delayMs} ms away`}`,
      ours: String(problems.length),
      peer: '–',
      goal: '0',
      holds: problems.length === 0,
      // If this process, which also runs the slow connection, was blocked for seconds, a wave of refusals
      // says nothing about the service.
      data: { count, delayMs, longestTurnMs: Math.round(turns.max / 1e6), problems: problems.slice(0, 10) },
    });
    await service.stop();
  }
  bare.close();
  return rows;
}

const POD = JSON.stringify({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { generateName: 'pod-', annotations: { 'tokens.osg-htc.org/token': 'my-jwt' } },
  spec: { containers: [{ name: 'main', image: 'busybox' }] },
});
