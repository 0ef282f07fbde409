import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { recordNudges } from '../../src/loop/record-nudges.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { virtualClock } from '../time/virtual-clock.ts';

function recorder() {
  const clock = virtualClock();
  const metrics = createMetrics();
  const warnings: unknown[] = [];
  const log = { debug: () => {}, warn: (fields: unknown) => warnings.push(fields) };
  const onResult = recordNudges({ clock, log, metrics });
  const counts = async (): Promise<Readonly<Record<string, number>>> => {
    const { values } = await metrics.deliveryNudges.get();
    return Object.fromEntries(values.map(({ labels, value }) => [String(labels.result), value]));
  };
  return { clock, warnings, onResult, counts };
}

describe('the log and metrics of nudges', () => {
  it('each result is counted, from zero on', async () => {
    const { onResult, counts } = recorder();
    assert.deepEqual(await counts(), { done: 0, gone: 0, refused: 0, failed: 0, dropped: 0 });
    onResult('done', 'x/a');
    onResult('done', 'x/b');
    onResult('refused', 'x/c', 'no right');
    assert.deepEqual(await counts(), { done: 2, gone: 0, refused: 1, failed: 0, dropped: 0 });
  });

  it('failed ones are logged in one line a minute, with their number', async () => {
    const { clock, warnings, onResult } = recorder();
    onResult('done', 'x/a');
    onResult('gone', 'x/b');
    onResult('refused', 'x/c', 'no right');
    for (let index = 0; index < 500; index += 1) onResult('failed', 'x/d', 'no answer');
    await clock.advance(60_000);
    onResult('dropped', 'x/e', 'too many pods wait', 7);
    assert.deepEqual(warnings, [
      { about: 'x/c', result: 'refused', reason: 'no right', pods: 1 },
      { about: 'x/e', result: 'dropped', reason: 'too many pods wait', pods: 507 },
    ]);
  });
});
