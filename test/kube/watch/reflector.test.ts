import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Cache } from '../../../src/kube/watch/cache.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { KubeError } from '../../../src/kube/errors.ts';
import { Reflector } from '../../../src/kube/watch/reflector.ts';
import { systemClock } from '../../../src/time/clock.ts';

const LOG = { debug: () => {}, info: () => {}, warn: () => {} };
const { signal } = new AbortController();

const timeout = (code: string): KubeError =>
  new KubeError({ verb: 'list', resource: 'secrets', status: 0, reason: 'Deadline', code });

/** A reflector of an API server whose lists take so long to begin, and how long each of them was waited for. */
function reflect(takes: number) {
  const waited: (number | undefined)[] = [];
  const api = { takes, isReachable: true };
  const listMapped: KubeClient['listMapped'] = async (_path, { patience = 0, onAnswer }) => {
    waited.push(patience);
    if (!api.isReachable) throw timeout('UND_ERR_CONNECT_TIMEOUT');
    if (patience < api.takes) throw timeout('UND_ERR_HEADERS_TIMEOUT');
    onAnswer?.(api.takes);
    onAnswer?.(10); // the last page, of few objects
    return { items: [], resourceVersion: '1' };
  };
  const client = { listMapped, watch: () => assert.fail('nothing is watched') };
  const reflector = new Reflector({
    client,
    path: '/api/v1/secrets',
    store: new Cache<string>(),
    transform: () => 'kept',
    clock: systemClock,
    log: LOG,
  });
  return { reflector, waited, api };
}

describe('a list', () => {
  it('that is slow to begin gets more time at each try, and the next one has it from the beginning', async () => {
    const { reflector, waited } = reflect(50_000);
    await assert.rejects(reflector.list(signal));
    await assert.rejects(reflector.list(signal));
    await reflector.list(signal);
    await reflector.list(signal);
    assert.deepEqual(waited, [10_000, 30_000, 65_000, 65_000]);
  });

  it('that never begins is given no more than the API server itself may take', async () => {
    const { reflector, waited } = reflect(1_000_000);
    for (let times = 0; times < 5; times += 1) await assert.rejects(reflector.list(signal));
    assert.equal(waited.at(-1), 65_000);
  });

  it('that follows one that began soon is not waited for any longer than the first', async () => {
    const { reflector, waited, api } = reflect(20_000);
    await assert.rejects(reflector.list(signal));
    await reflector.list(signal);
    api.takes = 5_001;
    await reflector.list(signal);
    api.takes = 5_000;
    await reflector.list(signal);
    await reflector.list(signal);
    assert.deepEqual(waited, [10_000, 30_000, 30_000, 30_000, 10_000]);
  });

  it('for which there is no connection says nothing about how long an answer takes', async () => {
    const { reflector, waited, api } = reflect(20_000);
    api.isReachable = false;
    await assert.rejects(reflector.list(signal));
    await assert.rejects(reflector.list(signal));
    assert.deepEqual(waited, [10_000, 10_000]);
  });
});
