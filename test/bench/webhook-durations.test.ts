import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { durationsBetween, readDurations } from './webhook-durations.ts';

const NAME = 'apiserver_admission_webhook_admission_duration_seconds';
const of = (webhook: string, count: number): string =>
  [
    `${NAME}_bucket{name="${webhook}",operation="CREATE",rejected="false",type="admit",le="0.005"} ${count - 1}`,
    `${NAME}_bucket{name="${webhook}",operation="CREATE",rejected="false",type="admit",le="+Inf"} ${count}`,
    `${NAME}_sum{name="${webhook}",operation="CREATE",rejected="false",type="admit"} ${count / 2}`,
    `${NAME}_count{name="${webhook}",operation="CREATE",rejected="false",type="admit"} ${count}`,
  ].join('\n');
const METRICS = [
  of('pods.tokens.osg-htc.org', 4),
  of('namespace-default.tokens.osg-htc.org', 2),
  of('peer.example.org', 8),
].join('\n');

describe('the durations of a webhook, as the API server measures them', () => {
  it('are those of one name', () => {
    assert.deepEqual(readDurations(METRICS, 'pods.tokens.osg-htc.org'), { sum: 2, count: 4, within5ms: 3 });
  });

  it('are those of all names with one end: a call of any of them counts', () => {
    assert.equal(readDurations(METRICS, '.tokens.osg-htc.org').count, 6);
  });

  it('between two readings are the difference', () => {
    const all = readDurations(METRICS, '.tokens.osg-htc.org');
    const one = readDurations(METRICS, 'namespace-default.tokens.osg-htc.org');
    assert.deepEqual(durationsBetween(all, one), { sum: 2, count: 4, within5ms: 3 });
  });
});
