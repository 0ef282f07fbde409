import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { createMetrics, type Metrics } from '../../src/telemetry/metrics.ts';
import type { ControllerState } from '../../src/telemetry/state-gauges.ts';
import type { TokenReading } from '../../src/telemetry/token-series.ts';

type State = ControllerState<TokenReading>;

function metricsOf(state: Partial<State>): Metrics {
  const metrics = createMetrics();
  const nothing = {
    jwts: () => [],
    readToken: (reading: TokenReading) => reading,
    queueDepth: () => 0,
    isLeading: () => false,
  };
  metrics.gauges.readController<TokenReading>({ ...nothing, ...state });
  return metrics;
}

describe('the metrics', () => {
  it('have the public names and labels', async () => {
    const scraped = await text(metricsOf({}).scrape());
    const names = [...scraped.matchAll(/^# TYPE (\S+) /gm)].map(([, name = '']) => name);
    const ours = names.filter((name) => name.startsWith('jwt_injector_')).toSorted();
    assert.deepEqual(ours, [
      'jwt_injector_admission_decisions_total',
      'jwt_injector_admission_duration_seconds',
      'jwt_injector_certificate_expiration_timestamp_seconds',
      'jwt_injector_certificate_not_before_timestamp_seconds',
      'jwt_injector_delivery_nudges_total',
      'jwt_injector_leader',
      'jwt_injector_queue_depth',
      'jwt_injector_reconcile_errors_total',
      'jwt_injector_renewal_lateness_seconds',
      'jwt_injector_signatures_total',
      'jwt_injector_signing_duration_seconds',
      'jwt_injector_token_expiration_timestamp_seconds',
      'jwt_injector_token_problem',
      'jwt_injector_token_ready',
      'jwt_injector_token_renewal_timestamp_seconds',
      'jwt_injector_watch_last_event_timestamp_seconds',
    ]);
    assert.ok(names.includes('process_cpu_seconds_total'));
  });

  it('per JWT are read at the scrape, in seconds, and store nothing', async () => {
    const times = { expiresAt: 1_700_000_000.5, renewsAt: 1_600_000_000 };
    let tokens: TokenReading[] = [
      { namespace: 'a', name: 'x', ...times, ready: true, problems: [] },
      { namespace: 'b', name: 'y', ready: false, problems: ['KeyNotFound', 'Contended'] },
    ];
    const metrics = metricsOf({ jwts: () => tokens });
    const scraped = await text(metrics.scrape());
    assert.match(scraped, /^# TYPE jwt_injector_token_ready gauge$/m);
    assert.match(scraped, /^jwt_injector_token_ready\{namespace="a",name="x"\} 1$/m);
    assert.match(scraped, /^jwt_injector_token_ready\{namespace="b",name="y"\} 0$/m);
    assert.deepEqual(scraped.match(/^jwt_injector_token_problem\{.*$/gm), [
      'jwt_injector_token_problem{namespace="b",name="y",reason="KeyNotFound"} 1',
      'jwt_injector_token_problem{namespace="b",name="y",reason="Contended"} 1',
    ]);
    assert.match(
      scraped,
      /^jwt_injector_token_expiration_timestamp_seconds\{namespace="a",name="x"\} 1700000000\.5$/m,
    );
    assert.match(
      scraped,
      /^jwt_injector_token_renewal_timestamp_seconds\{namespace="a",name="x"\} 1600000000$/m,
    );
    assert.doesNotMatch(scraped, /expiration_timestamp_seconds\{namespace="b"/);
    tokens = [];
    assert.doesNotMatch(await text(metrics.scrape()), /namespace=/);
  });

  it('per JWT keep the lines of one metric together, for any number', async () => {
    const many = Array.from({ length: 1_234 }, (_, index) => ({
      namespace: 'a',
      name: `x-${index}`,
      expiresAt: index,
      renewsAt: 1,
      ready: true,
      problems: [],
    }));
    const lines = (await text(metricsOf({ jwts: () => many }).scrape())).split('\n');
    const names = lines.filter((line) => line.includes('namespace="a"')).map((line) => line.split('{')[0]);
    assert.equal(names.length, 3 * many.length);
    assert.equal(names.filter((name, index) => name !== names[index - 1]).length, 3);
    assert.ok(lines.includes('jwt_injector_token_expiration_timestamp_seconds{namespace="a",name="x-7"} 7'));
  });

  it('per JWT yield every few milliseconds, whether the JWTs have samples or not', async () => {
    const jwts = Array.from({ length: 2_000 }, (_, index) => ({
      namespace: 'a',
      name: `x-${index}`,
      ready: true,
      problems: [],
    }));
    const readings = 4 * jwts.length;
    let read = 0;
    let most = 0;
    const turn = (): void => {
      most = Math.max(most, read);
      read = 0;
      next = setImmediate(turn);
    };
    let next = setImmediate(turn);
    const readToken = (jwt: TokenReading): TokenReading => {
      read += 1;
      const until = performance.now() + 0.02; // rendering all of them takes 160 ms
      while (performance.now() < until);
      return jwt;
    };
    const scraped = await text(metricsOf({ jwts: () => jwts, readToken }).scrape());
    clearImmediate(next);
    most = Math.max(most, read);
    assert.ok(most > 0 && most < readings / 20, `${most} of ${readings} in one turn`);
    assert.equal(scraped.match(/^jwt_injector_token_ready\{/gm)?.length, jwts.length);
  });

  it('of controller and watches are read at the scrape, and forget an ended watch', async () => {
    let watches = [
      { resource: 'jwts', lastEventAt: 1_700_000_000_500 },
      { resource: 'jwts', lastEventAt: 1_600_000_000_000 },
      { resource: 'secrets', lastEventAt: undefined },
    ];
    const metrics = metricsOf({ queueDepth: () => watches.length });
    metrics.gauges.readWatches(() => watches);
    metrics.gauges.readWatches(() => [{ resource: 'namespaces', lastEventAt: 1_650_000_000_000 }]);
    const scraped = await text(metrics.scrape());
    assert.match(scraped, /^jwt_injector_watch_last_event_timestamp_seconds\{resource="jwts"\} 1600000000$/m);
    assert.match(scraped, /^jwt_injector_watch_last_event_timestamp_seconds\{resource="secrets"\} 0$/m);
    assert.match(scraped, /timestamp_seconds\{resource="namespaces"\} 1650000000$/m);
    assert.match(scraped, /^jwt_injector_queue_depth 3$/m);
    watches = watches.slice(0, 1);
    const again = await text(metrics.scrape());
    assert.match(again, /timestamp_seconds\{resource="jwts"\} 1700000000\.5$/m);
    assert.doesNotMatch(again, /resource="secrets"/);
  });

  it('of the certificate are absent while there is none', async () => {
    const metrics = createMetrics();
    const found = async (): Promise<readonly (string | undefined)[]> => {
      const scraped = await text(metrics.scrape());
      return ['not_before', 'expiration'].map(
        (name) =>
          new RegExp(`^jwt_injector_certificate_${name}_timestamp_seconds (.*)$`, 'm').exec(scraped)?.[1],
      );
    };
    assert.deepEqual(await found(), [undefined, undefined]);
    metrics.gauges.readCertificate(() => ({ validFrom: 1_700_000_000, expiresAt: 1_800_000_000 }));
    assert.deepEqual(await found(), ['1700000000', '1800000000']);
    metrics.gauges.readCertificate(() => undefined);
    assert.deepEqual(await found(), [undefined, undefined]);
  });

  it('are separate for each call: nothing is global', async () => {
    const [one, other] = [metricsOf({ isLeading: () => true }), createMetrics()];
    assert.match(await text(one.scrape()), /^jwt_injector_leader 1$/m);
    assert.match(await text(other.scrape()), /^jwt_injector_leader 0$/m);
  });
});
