import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { readObjects, renderOverlay } from '../deploy/rendered.ts';
import { recordNudges } from '../../src/loop/record-nudges.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { systemClock } from '../../src/time/clock.ts';
import { execute } from '../runs/execute.ts';
import { findPrometheusTool } from './prometheus.ts';

const ROOT = join(import.meta.dirname, '../..');
const RULES = join(ROOT, 'deploy/monitoring/rules.yaml');
const TESTS = join(import.meta.dirname, 'monitoring-rules.yaml');
const PAGE = readFileSync(join(ROOT, 'docs/monitoring.md'), 'utf8');

interface RuleFile {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly alert?: string;
      readonly annotations?: { readonly runbook: string };
    }[];
  }[];
}

const { groups } = parse(readFileSync(RULES, 'utf8')) as RuleFile;
const alerts = groups.flatMap(({ rules }) => rules.filter(({ alert }) => alert !== undefined));

describe('the rules of Prometheus', () => {
  it('are accepted by promtool', async () => {
    const promtool = await findPrometheusTool('promtool');
    const { stdout } = await execute(promtool, ['check', 'rules', '--lint=all', '--lint-fatal', RULES]);
    assert.match(stdout, /SUCCESS/);
  });

  it('alert when they should, and only then', async () => {
    const promtool = await findPrometheusTool('promtool');
    const { stdout } = await execute(promtool, ['test', 'rules', TESTS]);
    assert.match(stdout, /SUCCESS/);
  });

  it('have a test of each alert', () => {
    const tested = readFileSync(TESTS, 'utf8');
    for (const { alert = '' } of alerts) assert.ok(tested.includes(`"${alert}"`), `${alert} is not tested`);
  });

  it('only use the increase of series that exist from the start: otherwise the first failures would raise no alert', async () => {
    const metrics = createMetrics();
    metrics.admissions.showZeroErrors(); // as a webhook does
    const log = { debug: () => undefined, warn: () => undefined };
    recordNudges({ clock: systemClock, log, metrics }); // as prompt delivery does
    const atStart = await readText(metrics.scrape());
    const SELECTED = /(?:increase|rate)\((\w+)(?:\{(\w+)(!?)=~?"([^"]*)"\})?\[/g;
    const increases = [...readFileSync(RULES, 'utf8').matchAll(SELECTED)];
    assert.ok(increases.length > 2);
    for (const [text, name = '', label, not = '', value = ''] of increases) {
      const labels = label === undefined ? '' : `\\{.*?${label}="(.*?)".*\\}`;
      const values = [...atStart.matchAll(new RegExp(`^${name}${labels} 0$`, 'gm'))].map(
        ([, found = '']) => found,
      );
      const isSelected = (found: string): boolean =>
        new RegExp(`^(?:${value})$`).test(found) === (not === '');
      assert.ok(values.some(isSelected), `${text} finds nothing at the start`);
    }
  });

  it('name the section of the documentation that explains each alert', () => {
    const anchors = [...PAGE.matchAll(/^### (\w+)$/gm)].map(([, title = '']) => title.toLowerCase());
    for (const { alert, annotations } of alerts)
      assert.equal(annotations?.runbook, `docs/monitoring.md#${alert?.toLowerCase()}`);
    assert.deepEqual(anchors.toSorted(), alerts.map(({ alert = '' }) => alert.toLowerCase()).toSorted());
  });

  it('select pods by a label that all of them have, in the alert about a missing leader', async () => {
    const [, label = '', value = ''] =
      /kubectl get pods -n jwt-injector -l ([\w./-]+)=(\S+)/.exec(PAGE) ?? [];
    const objects = readObjects(
      await renderOverlay({ resources: ['default'], components: ['components/separate'] }),
    );
    const labels = objects
      .filter(({ kind }) => kind === 'Deployment')
      .map(({ spec }) => (spec as { template: { metadata: { labels: Record<string, string> } } }).template)
      .map(({ metadata }) => metadata.labels[label]);
    assert.deepEqual(labels, [value, value]);
  });
});
