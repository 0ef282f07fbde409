import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { askApi } from '../controlplane/api-request.ts';
import type { Cluster } from '../controlplane/cluster.ts';
import { raiseCurtain, type Stage } from '../controlplane/stage.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { readObjects, renderOverlay } from '../deploy/rendered.ts';
import { wireJwt } from '../fixtures/jwts.ts';
import { NRP_KEY } from '../fixtures/keys.ts';
import { askForPanel, readPanels } from '../monitoring/dashboard.ts';
import { drawDashboard } from '../monitoring/draw-dashboard.ts';
import { startPrometheus, type PrometheusServer } from '../monitoring/prometheus-server.ts';
import { makeNode, podOnNode } from './pods-on-node.ts';
import { borrowTenantStage, type Tenant } from './tenant.ts';

/** Path of a picture to write: see docs/monitoring.md. */
const PICTURE = process.env['DASHBOARD_PICTURE'];

const MINUTE = 60_000;
const NAMESPACE = 'monitoring';

/** JWTs that become due at the same time. */
const WAITING = 50;

/** Annotations of a pod that gets a token. */
const INJECTED = { 'tokens.osg-htc.org/token': 'one-minute' };

/** Lines of a scrape after the actions below: all documented metrics, with their values. */
const SCRAPED: readonly RegExp[] = [
  /^jwt_injector_token_expiration_timestamp_seconds\{namespace="monitoring",name="one-minute"\} \d{10}$/m,
  /^jwt_injector_token_renewal_timestamp_seconds\{namespace="monitoring",name="one-minute"\} \d{10}/m,
  /^jwt_injector_token_ready\{namespace="monitoring",name="one-minute"\} 1$/m,
  /^jwt_injector_token_ready\{namespace="monitoring",name="keyless"\} 0$/m,
  /^jwt_injector_token_problem\{namespace="monitoring",name="keyless",reason="KeyNotFound"\} 1$/m,
  /^jwt_injector_signatures_total\{algorithm="ES256",cause="SecretMissing"\} [1-9]\d*$/m,
  /^jwt_injector_signatures_total\{algorithm="ES256",cause="RenewalDue"\} [1-9]\d*$/m,
  /^jwt_injector_signing_duration_seconds_count [1-9]\d*$/m,
  /^jwt_injector_renewal_lateness_seconds_count [1-9]\d*$/m,
  /^jwt_injector_reconcile_errors_total\{reason="WriteRefused"\} [1-9]\d*$/m,
  /^jwt_injector_delivery_nudges_total\{result="done"\} [1-9]\d*$/m,
  /^jwt_injector_queue_depth \d+$/m, // nearly always 0: a test of its own fills the queue
  /^jwt_injector_watch_last_event_timestamp_seconds\{resource="jwts"\} \d{10}/m,
  /^jwt_injector_leader 1$/m,
  /^jwt_injector_admission_decisions_total\{decision="inject",reason="Injected"\} [1-9]\d*$/m,
  /^jwt_injector_admission_decisions_total\{decision="deny",reason="InvalidAnnotation"\} [1-9]\d*$/m,
  /^jwt_injector_admission_duration_seconds_count [1-9]\d*$/m,
  /^jwt_injector_certificate_expiration_timestamp_seconds \d{10}/m,
  /^jwt_injector_certificate_not_before_timestamp_seconds \d{10}/m,
  /^process_resident_memory_bytes [1-9]\d*$/m,
];

describe('metrics, rules and dashboard with a real Prometheus', { concurrency: false }, () => {
  let stage: Stage<Cluster>;
  let tenant: Tenant;
  let prometheus: PrometheusServer;
  const start = Date.now() / 1000;

  before(async () => {
    ({ stage, tenant } = await borrowTenantStage(NAMESPACE, { withoutService: true }));
    const components = ['components/prompt-delivery'];
    const shipped = readObjects(await renderOverlay({ resources: ['default'], components }));
    const rights = shipped.filter(({ kind }) => /^ClusterRole$|Policy/.test(kind));
    await stage.cluster.apply(rights.map((object) => stringify(object)).join('---\n'));
    await makeNode(stage.cluster, NAMESPACE);
    const mounts = podOnNode({ namespace: NAMESPACE, name: 'mounts' }, NAMESPACE, [{ secret: 'one-minute' }]);
    await stage.cluster.apply(mounts);
    await raiseCurtain(stage, { args: ['--prompt-delivery', '--workers=1'] });
    prometheus = await startPrometheus(stage.service().httpPort);
    await tenant.apply('one-minute', { expiryTime: { minutes: 1 }, resignBefore: undefined });
    await tenant.apply('keyless', { key: { secret: { name: 'not-there', key: 'key' } } });
    await tenant.apply('mislabelled', { secretTemplate: { labels: { team: 'not a value!' } } });
  });
  after(async () => {
    await prometheus[Symbol.asyncDispose]();
    await stage.stop();
  });

  /** Sends a pod for review, without storing it; gives the status of the answer. */
  async function reviewPod(annotations: Record<string, string>): Promise<number> {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'reviewed', annotations },
      spec: { containers: [{ name: 'main', image: 'busybox' }] },
    };
    const path = '/api/v1/namespaces/monitoring/pods?dryRun=All';
    const { status } = await askApi(stage.cluster.access, 'POST', path, pod);
    return status;
  }

  async function scrape(): Promise<string> {
    return (await fetch(`http://127.0.0.1:${stage.service().httpPort}/metrics`)).text();
  }

  it('every metric is scraped over HTTP, with the values of the actions', async () => {
    assert.equal(await reviewPod(INJECTED), 201);
    assert.equal(await reviewPod({ ...INJECTED, 'tokens.osg-htc.org/mount-path': '..' }), 400);
    let missing: readonly RegExp[] = SCRAPED;
    await waitUntil('every metric to be there', 2 * MINUTE, async () => {
      const text = await scrape();
      missing = SCRAPED.filter((line) => !line.test(text));
      return missing.length === 0;
    }).catch((error: unknown) => assert.fail(`${String(error)}: ${missing.join(', ')}`));
  });

  it('the depth of the queue is the number of JWTs that wait for the only worker', async () => {
    const spec = { key: { secret: { name: 'late-key', key: 'key.pem' } } };
    const waiting = Array.from({ length: WAITING }, (_, index) => {
      const { apiVersion, kind, spec: full } = wireJwt(spec);
      return { apiVersion, kind, metadata: { name: `waits-${index}`, namespace: NAMESPACE }, spec: full };
    });
    await stage.cluster.apply(waiting.map((jwt) => stringify(jwt)).join('---\n'));
    const lacksKey =
      /^jwt_injector_token_problem\{namespace="monitoring",name="waits-\d+",reason="KeyNotFound"\} 1$/gm;
    await waitUntil(
      'all of them to lack their key',
      MINUTE,
      async () => (await scrape()).match(lacksKey)?.length === WAITING,
    );
    const depths: number[] = [];
    const over = new AbortController();
    const watch = async (): Promise<void> => {
      while (!over.signal.aborted)
        depths.push(Number(/^jwt_injector_queue_depth (\d+)$/m.exec(await scrape())?.[1]));
    };
    const sign = async (): Promise<void> => {
      await tenant.applySecret('late-key', { 'key.pem': NRP_KEY });
      for (const { metadata } of waiting) await tenant.waitForToken(metadata.name, (token) => token !== '');
    };
    await Promise.all([watch(), sign().finally(() => over.abort())]);
    assert.ok(Math.max(...depths) > 0, depths.join());
    await waitUntil('an empty queue', MINUTE, async () =>
      /^jwt_injector_queue_depth 0$/m.test(await scrape()),
    );
  });

  it('Prometheus has them, and keeps the namespace of a JWT as its label', async () => {
    const names = new Set(SCRAPED.flatMap((line) => /\w+_\w+/.exec(line.source)?.[0] ?? []));
    for (const name of names)
      await waitUntil(name, MINUTE, async () => (await prometheus.query(name)).length > 0);
    const [token] = await prometheus.query('jwt_injector_token_ready{name="one-minute"}');
    assert.equal(token?.metric['namespace'], 'monitoring');
    const [leader] = await prometheus.query('jwt_injector_leader');
    assert.equal(leader?.metric['namespace'], 'jwt-injector');
  });

  it('every rule is evaluated without an error, and those that should wait to fire', async () => {
    type Rule = { readonly name: string; readonly health: string; readonly lastError?: string };
    const rules = await waitUntil('the rules to be evaluated', MINUTE, async () => {
      const { groups } = (await prometheus.read('/api/v1/rules')) as {
        groups: readonly { readonly rules: readonly Rule[] }[];
      };
      const all = groups.flatMap((group) => group.rules);
      return all.every(({ health }) => health !== 'unknown') && all;
    });
    assert.deepEqual(
      rules.filter(({ health }) => health !== 'ok'),
      [],
    );
    for (const [alertname, name] of [
      ['JwtInjectorTokenNotReady', 'keyless'],
      ['JwtInjectorWriteRefused', 'mislabelled'],
    ]) {
      const pending = `ALERTS{alertname="${alertname}",namespace="monitoring",name="${name}"}`;
      await waitUntil(pending, MINUTE, async () => (await prometheus.query(pending)).length > 0);
    }
  });

  /** Some minutes of work, so that the picture has data. */
  async function keepBusy(): Promise<void> {
    for (let round = 0; round < 40; round += 1) {
      if (round < 20)
        await tenant.apply(`busy-${round}`, {
          expiryTime: { minutes: 2 + (round % 3) },
          resignBefore: undefined,
        });
      for (let pods = round % 4; pods >= 0; pods -= 1) await reviewPod(INJECTED);
      await sleep(3_000); // the resolution of the picture
    }
  }

  it('every query of the dashboard has a result, and its picture can be drawn', async () => {
    if (PICTURE !== undefined) await keepBusy();
    const shown = [];
    for (const panel of readPanels()) {
      const found = await waitUntil(`data in "${panel.title}"`, MINUTE, async () => {
        // A rate needs requests between two scrapes, and those above can have been over before the first
        // scrape.
        await reviewPod(INJECTED);
        const asked = await askForPanel(panel, prometheus, start, Date.now() / 1000);
        return asked.shown.length >= panel.targets.length && asked;
      });
      shown.push(found);
    }
    const picture = drawDashboard(shown);
    for (const { title } of readPanels()) assert.ok(picture.includes(title));
    assert.doesNotMatch(picture, /NaN|undefined|Infinity/);
    if (PICTURE !== undefined) await writeFile(PICTURE, picture);
  });
});
