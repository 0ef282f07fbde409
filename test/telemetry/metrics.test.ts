import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import type { TokenReading } from '../../src/telemetry/token-gauge.ts';

describe('the metrics', () => {
  it('have the public names and labels', async () => {
    const { registry } = createMetrics({ tokens: () => [] });
    const names = registry.getMetricsAsArray().map(({ name }) => name);
    const ours = names.filter((name) => name.startsWith('jwt_injector_')).toSorted();
    assert.deepEqual(ours, [
      'jwt_injector_admission_decisions_total',
      'jwt_injector_admission_duration_seconds',
      'jwt_injector_certificate_expiration_timestamp_seconds',
      'jwt_injector_leader',
      'jwt_injector_queue_depth',
      'jwt_injector_reconcile_errors_total',
      'jwt_injector_renewal_lateness_seconds',
      'jwt_injector_signatures_total',
      'jwt_injector_signing_duration_seconds',
      'jwt_injector_token_expiration_timestamp_seconds',
      'jwt_injector_token_ready',
      'jwt_injector_token_renewal_timestamp_seconds',
      'jwt_injector_watch_last_event_timestamp_seconds',
    ]);
    assert.ok(names.includes('process_cpu_seconds_total'));
  });

  it('per JWT are read at the scrape, in seconds, and keep nothing', async () => {
    let tokens: TokenReading[] = [
      { namespace: 'a', name: 'x', expiresAt: 1_700_000_000_500, renewsAt: 1_600_000_000_000, ready: true },
      { namespace: 'b', name: 'y', ready: false },
    ];
    const { registry } = createMetrics({ tokens: () => tokens });
    const text = await registry.metrics();
    assert.match(text, /^# TYPE jwt_injector_token_ready gauge$/m);
    assert.match(text, /^jwt_injector_token_ready\{namespace="a",name="x"\} 1$/m);
    assert.match(text, /^jwt_injector_token_ready\{namespace="b",name="y"\} 0$/m);
    assert.match(
      text,
      /^jwt_injector_token_expiration_timestamp_seconds\{namespace="a",name="x"\} 1700000000\.5$/m,
    );
    assert.match(
      text,
      /^jwt_injector_token_renewal_timestamp_seconds\{namespace="a",name="x"\} 1600000000$/m,
    );
    assert.doesNotMatch(text, /expiration_timestamp_seconds\{namespace="b"/);
    tokens = [];
    assert.doesNotMatch(await registry.metrics(), /namespace=/);
  });

  it('are separate for each call: nothing is global', () => {
    assert.notEqual(
      createMetrics({ tokens: () => [] }).registry,
      createMetrics({ tokens: () => [] }).registry,
    );
  });
});
