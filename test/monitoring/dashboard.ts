import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AnsweredSeries, PrometheusServer } from './prometheus-server.ts';

const DASHBOARD = join(import.meta.dirname, '../../deploy/chart/files/dashboard/jwt-injector.json');

/**
 * Grafana's colours with the values from which they are used. The first step has no value and is for all
 * smaller numbers.
 */
export interface Thresholds {
  readonly mode: string;
  readonly steps: readonly { readonly color: string; readonly value: number | null }[];
}

/** The members of a panel of the Grafana dashboard that tests read. */
export interface Panel {
  readonly type: 'stat' | 'timeseries' | 'table';
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig: { readonly defaults: { readonly unit: string; readonly thresholds?: Thresholds } };
  readonly targets: readonly { readonly expr: string; readonly legendFormat?: string }[];
}

/** A line or a number of a panel, with its name. */
export interface Shown {
  readonly name: string;
  readonly values: readonly (readonly [seconds: number, value: number])[];
}

export interface ShownPanel {
  readonly panel: Panel;
  readonly shown: readonly Shown[];
}

/** The panels of the shipped dashboard. */
export function readPanels(): readonly Panel[] {
  return (JSON.parse(readFileSync(DASHBOARD, 'utf8')) as { panels: readonly Panel[] }).panels;
}

/**
 * Asks Prometheus for the data of a panel between two times, in seconds since the epoch. Samples without a
 * number are left out.
 */
export async function askForPanel(
  panel: Panel,
  prometheus: PrometheusServer,
  start: number,
  end: number,
): Promise<ShownPanel> {
  const shown: Shown[] = [];
  for (const { expr, legendFormat = '' } of panel.targets) {
    const query = expr.replaceAll('$__rate_interval', '30s');
    const series =
      panel.type === 'timeseries'
        ? await prometheus.queryRange(query, start, end)
        : await prometheus.query(query);
    const named = series.map((one) => ({ name: nameOf(one, legendFormat), values: numbersOf(one) }));
    shown.push(...named.filter(({ values }) => values.length > 0));
  }
  return { panel, shown };
}

/** The name as Grafana shows it: the legend with its labels filled in, or all labels. */
function nameOf({ metric }: AnsweredSeries, legend: string): string {
  const filled = legend.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => metric[label] ?? '');
  const labels = Object.entries(metric).filter(([label]) => label !== '__name__');
  return filled || labels.map(([label, value]) => `${label}=${value}`).join(' ');
}

function numbersOf({ values }: AnsweredSeries): Shown['values'] {
  return values
    .map(([seconds, text]) => [seconds, Number(text)] as const)
    .filter(([, value]) => Number.isFinite(value));
}
