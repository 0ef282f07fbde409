import assert from 'node:assert/strict';
import { text as readText } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { createMetrics } from '../../src/telemetry/metrics.ts';

const INJECTED = { decision: 'inject', reason: 'Injected' };

describe('the metrics of admission', () => {
  it('count every answer once, for any number between two scrapes', async () => {
    const metrics = createMetrics();
    for (let answer = 0; answer < 3_000; answer += 1) metrics.admissions.note(INJECTED, 0.0002);
    metrics.admissions.note({ decision: 'deny', reason: 'WindowsPod' }, 0.3);
    await readText(metrics.scrape());
    metrics.admissions.note(INJECTED, 0.0002);
    const text = await readText(metrics.scrape());
    for (const line of [
      'jwt_injector_admission_decisions_total{decision="inject",reason="Injected"} 3001',
      'jwt_injector_admission_decisions_total{decision="deny",reason="WindowsPod"} 1',
      'jwt_injector_admission_duration_seconds_bucket{le="0.00025"} 3001',
      'jwt_injector_admission_duration_seconds_bucket{le="0.25"} 3001',
      'jwt_injector_admission_duration_seconds_bucket{le="0.5"} 3002',
      'jwt_injector_admission_duration_seconds_count 3002',
    ]) {
      assert.ok(text.split('\n').includes(line), line);
    }
  });
});
