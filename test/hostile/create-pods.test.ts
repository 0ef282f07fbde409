import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { waitUntil } from '../controlplane/wait-until.ts';
import type { Loose } from '../integration/objects.ts';
import { openUserApi } from '../integration/user-api.ts';
import { createPods } from './create-pods.ts';
import { startScriptedApi, type ScriptedAnswer } from './scripted-api.ts';
import { answerOf } from './fake-cluster.ts';

const WITHIN_MS = 30_000;
/** Longer than an answer takes on a busy machine. */
const GIVE_UP_MS = 3_000;
const REFUSED: ScriptedAnswer = { status: 500, body: { message: 'no webhook' } };

describe('pods that are created all the time', { timeout: 2 * WITHIN_MS, concurrency: true }, () => {
  /** Pods whose first creation the caller answers. */
  async function startWithOneRunning(opened: AsyncDisposableStack) {
    const answer = Promise.withResolvers<ScriptedAnswer>();
    let asked = 0;
    const fake = opened.use(
      await startScriptedApi((method, path, body) => {
        const isFirst = isAnnotated(body) && ++asked === 1;
        return isFirst ? answer.promise : answerOf(method, path, body);
      }),
    );
    const api = await openUserApi(fake.access);
    opened.defer(() => api.close());
    const pods = createPods(api, 'well-behaved', 'my-jwt');
    opened.defer(() => pods.stop());
    await waitUntil('a request for a pod', WITHIN_MS, () => asked > 0);
    return { pods, answer };
  }

  it('count when their running creation was answered; a refused one is not injected', async () => {
    await using opened = new AsyncDisposableStack();
    const { pods, answer } = await startWithOneRunning(opened);
    const settled = pods.settle();
    answer.resolve(REFUSED);
    await settled;
    const { injected, harms } = pods.takeExperience();
    assert.deepEqual({ injected, harms }, { injected: 0, harms: ['a pod was refused: 500 no webhook'] });
    await waitUntil('the next pod', WITHIN_MS, () => pods.takeExperience().injected > 0);
  });

  it('are forgotten with the result of a running request', async () => {
    await using opened = new AsyncDisposableStack();
    const { pods, answer } = await startWithOneRunning(opened);
    pods.forget();
    answer.resolve(REFUSED);
    const harms = await waitUntil('a pod', WITHIN_MS, () => {
      const experience = pods.takeExperience();
      return (experience.injected > 0 || experience.harms.length > 0) && experience.harms;
    });
    assert.deepEqual(harms, []);
  });

  it('show that the API server is slow while an annotated one waits for it, too', async () => {
    await using opened = new AsyncDisposableStack();
    const { pods, answer } = await startWithOneRunning(opened);
    await waitUntil('a plain pod', WITHIN_MS, () => pods.takeExperience().longestPlainMs > 0);
    answer.resolve(REFUSED);
  });

  it('without an answer are given up: the next row has pods again', async () => {
    await using opened = new AsyncDisposableStack();
    let asked = 0;
    const fake = opened.use(
      await startScriptedApi((method, path, body) => {
        const isFirst = isAnnotated(body) && ++asked === 1;
        return isFirst ? new Promise(() => {}) : answerOf(method, path, body);
      }),
    );
    const api = await openUserApi(fake.access);
    opened.defer(() => api.close());
    const pods = createPods(api, 'well-behaved', 'my-jwt', GIVE_UP_MS);
    opened.defer(() => pods.stop());
    await waitUntil('a request for a pod', WITHIN_MS, () => asked > 0);
    await pods.settle();
    const { longestMs, injected, gaps } = pods.takeExperience();
    assert.deepEqual([longestMs, injected], [GIVE_UP_MS, 0]);
    assert.match(gaps.join('\n'), /^the API server did not answer: AbortError[^\n]*$/);
    await waitUntil('the next pod', WITHIN_MS, () => pods.takeExperience().injected > 0);
  });
});

function isAnnotated({ metadata }: Loose): boolean {
  return metadata?.annotations?.['tokens.osg-htc.org/token'] !== undefined;
}
