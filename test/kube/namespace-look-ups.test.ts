import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KubeError } from '../../src/kube/errors.ts';
import { NamespaceLookUps } from '../../src/kube/namespace-look-ups.ts';
import type { JsonObject } from '../../src/resources/json.ts';
import type { NamespaceDefault } from '../../src/resources/namespace-default.ts';
import { virtualClock } from '../time/virtual-clock.ts';

const LABELLED = { metadata: { labels: { 'tokens.osg-htc.org/token': 'fresh' } } };
const FOUND: NamespaceDefault = { known: true, token: 'fresh' };
const UNKNOWN: NamespaceDefault = { known: false };
const PATIENT = new AbortController().signal;

/** Look-ups whose API server needs `takesMs`, by its own clock. */
function lookUpsWith({ takesMs = 0, answer = async (): Promise<JsonObject> => LABELLED } = {}) {
  const clock = virtualClock();
  const asked: string[] = [];
  const lines: object[] = [];
  let [running, most] = [0, 0];
  const lookUps = new NamespaceLookUps({
    clock,
    log: { debug: () => {}, info: () => {}, warn: (line: object) => void lines.push(line) },
    client: {
      get: async (path) => {
        asked.push(path.replace('/api/v1/namespaces/', ''));
        running += 1;
        most = Math.max(most, running);
        await clock.sleep(takesMs);
        running -= 1;
        return answer();
      },
    },
  });
  const lookUp = (namespace: string, owner: string, signal = PATIENT): Promise<NamespaceDefault> =>
    lookUps.lookUp(namespace, { owner, signal });
  const flood = (owner: string, count: number, signal = PATIENT): Promise<readonly NamespaceDefault[]> =>
    Promise.all(Array.from({ length: count }, (_, number) => lookUp(`${owner}-${number}`, owner, signal)));
  return { clock, asked, lines, lookUp, flood, most: () => most };
}

describe('look-ups of namespaces', () => {
  it('are sixteen at a time, and one more for each other asker', async () => {
    const { clock, asked, flood, lookUp, most } = lookUpsWith({ takesMs: 2_000 });
    void flood('hostile', 100);
    await clock.advance(1);
    assert.equal(asked.length, 16);
    const found = lookUp('mine', 'patient');
    void lookUp('mine-too', 'patient');
    await clock.advance(1);
    assert.deepEqual(asked.slice(16), ['mine']);
    await clock.advance(2_000);
    assert.deepEqual(await found, FOUND);
    for (let other = 0; other < 100; other += 1) void flood(`other-${other}`, 2);
    await clock.advance(1);
    assert.equal(most(), 64);
  });

  it('are two hundred a second in the long run, however many are asked for', async () => {
    const { clock, asked, flood } = lookUpsWith();
    for (let second = 0; second < 10; second += 1) {
      for (const owner of ['a', 'b', 'c']) void flood(`${owner}${second}`, 300);
      await clock.advance(1_000);
    }
    assert.ok(asked.length >= 1_900 && asked.length <= 2_200, `${asked.length}`);
  });

  it('take turns by asker: one namespace waits for few of another’s', async () => {
    const { clock, asked, flood, lookUp } = lookUpsWith();
    void flood('hostile', 300);
    await clock.advance(0);
    const before = asked.length;
    const found = lookUp('mine', 'patient');
    await clock.advance(20);
    assert.deepEqual(await found, FOUND);
    assert.ok(asked.indexOf('mine') <= before + 2, `${asked.indexOf('mine')} after ${before}`);
  });

  it('of one namespace do not wait for the turn of another asker who wants it as well', async () => {
    const { clock, asked, flood, lookUp } = lookUpsWith({ takesMs: 10 });
    void flood('hostile', 250);
    const theirs = lookUp('mine', 'hostile');
    const ours = lookUp('mine', 'patient');
    await clock.advance(100);
    assert.deepEqual(await ours, FOUND);
    await clock.advance(3_000);
    assert.deepEqual(await theirs, FOUND);
    assert.ok(asked.indexOf('mine') <= 101, `${asked.indexOf('mine')}`);
  });

  it('are not made for those who gave up, and these leave their place', async () => {
    const { clock, asked, flood, lookUp, lines } = lookUpsWith({ takesMs: 1_000 });
    const gone = new AbortController();
    const given = flood('hostile', 300, gone.signal);
    await clock.advance(1);
    gone.abort();
    const late = lookUp('late', 'hostile', gone.signal);
    assert.deepEqual(await late, UNKNOWN);
    const again = lookUp('mine', 'hostile');
    await clock.advance(2_000);
    assert.deepEqual(await again, FOUND);
    assert.ok((await given).slice(16).every(({ known }) => !known));
    assert.equal(asked.length, 17);
    assert.deepEqual(lines, [{ namespace: 'hostile-16', reason: 'NoTurn', times: 1 }]);
  });

  it('that find no place are not known at once, and that is one line of the log', async () => {
    const { clock, flood, lookUp, lines } = lookUpsWith({ takesMs: 1_000 });
    void flood('hostile', 16 + 300);
    const tooMany = [lookUp('one', 'hostile'), lookUp('two', 'hostile')];
    assert.deepEqual(await Promise.all(tooMany), [UNKNOWN, UNKNOWN]);
    const found = lookUp('mine', 'patient');
    await clock.advance(1_000);
    assert.deepEqual(await found, FOUND);
    assert.deepEqual(lines, [{ namespace: 'one', reason: 'TooManyWait', times: 1 }]);
  });

  it('that fail count for a second, and are one line a minute', async () => {
    let isBroken = true;
    const { clock, asked, lines, lookUp, flood } = lookUpsWith({
      answer: async () => {
        if (!isBroken) return LABELLED;
        throw new KubeError({ verb: 'get', resource: 'namespaces', status: 403, reason: 'Forbidden' });
      },
    });
    const askFor = async (namespace: string): Promise<NamespaceDefault> => {
      const found = lookUp(namespace, 'patient');
      await clock.advance(0);
      return found;
    };
    assert.deepEqual(await askFor('mine'), UNKNOWN);
    isBroken = false;
    await clock.advance(999);
    assert.deepEqual(await askFor('mine'), UNKNOWN);
    await clock.advance(1);
    assert.deepEqual(await askFor('mine'), FOUND);
    assert.equal(asked.length, 2);
    isBroken = true;
    void flood('hostile', 50);
    await clock.advance(60_000);
    await askFor('last');
    const line = { namespace: 'mine', reason: 'Forbidden', times: 1 };
    assert.deepEqual(lines, [line, { ...line, namespace: 'last', times: 51 }]);
  });
});
