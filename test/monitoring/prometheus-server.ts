import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startComponent } from '../controlplane/component.ts';
import { findFreePort } from '../controlplane/free-port.ts';
import { startReaper } from '../controlplane/reaper.ts';
import { findPrometheusTool } from '../tools/prometheus.ts';

const RULES = join(import.meta.dirname, '../../deploy/monitoring/rules.yaml');

/** One series of an answer: its labels, and its samples as [seconds since the epoch, text of a number]. */
export interface AnsweredSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [number, string])[];
}

/** A real Prometheus with the shipped rules. */
export interface PrometheusServer extends AsyncDisposable {
  /**
   * The present result of a query; one sample for each series. Throws with Prometheus' message if the query
   * is wrong.
   */
  query(expression: string): Promise<readonly AnsweredSeries[]>;
  /** The result for each second from `start` to `end` (seconds since the epoch). */
  queryRange(expression: string, start: number, end: number): Promise<readonly AnsweredSeries[]>;
  /** Reads its API, for example `/api/v1/targets`; gives the member `data` of the answer. */
  read(path: string): Promise<unknown>;
}

/**
 * Starts a Prometheus that scrapes the HTTP port of a service each second, configured as in
 * docs/monitoring.md.
 */
export async function startPrometheus(targetPort: number): Promise<PrometheusServer> {
  const binary = await findPrometheusTool('prometheus');
  const folder = await mkdtemp(join(tmpdir(), 'jwt-injector-prometheus-'));
  const port = await findFreePort();
  const reaper = await startReaper();
  reaper.remove(folder);
  const address = `127.0.0.1:${port}`;
  await writeFile(join(folder, 'prometheus.yml'), configuration(targetPort));
  await startComponent({
    binary,
    args: ['--config.file=prometheus.yml', '--storage.tsdb.path=data', `--web.listen-address=${address}`],
    folder,
    reaper,
    readyWithinMs: 60_000,
    isReady: () =>
      fetch(`http://${address}/-/ready`).then(
        ({ ok }) => ok,
        () => false, // it does not listen yet
      ),
    log: () => {},
  });
  const read = async (path: string): Promise<unknown> => {
    const answer = (await (await fetch(`http://${address}${path}`)).json()) as Record<string, unknown>;
    if (answer['status'] !== 'success')
      throw new Error(`Prometheus says ${String(answer['error'])}: ${path}`);
    return answer['data'];
  };
  const ask = async (
    path: string,
    parameters: Record<string, string>,
  ): Promise<readonly AnsweredSeries[]> => {
    const { result } = (await read(`${path}?${new URLSearchParams(parameters).toString()}`)) as {
      result: readonly (AnsweredSeries & { readonly value?: readonly [number, string] })[];
    };
    return result.map(({ metric, value, values }) => ({
      metric,
      values: value === undefined ? values : [value],
    }));
  };
  return {
    read,
    query: (query) => ask('/api/v1/query', { query }),
    queryRange: (query, start, end) =>
      ask('/api/v1/query_range', { query, start: String(start), end: String(end), step: '1' }),
    [Symbol.asyncDispose]: () => reaper.finish(),
  };
}

function configuration(targetPort: number): string {
  return `
global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }
rule_files: [${JSON.stringify(RULES)}]
scrape_configs:
  - job_name: jwt-injector
    honor_labels: true
    static_configs: [{ targets: ['127.0.0.1:${targetPort}'], labels: { namespace: jwt-injector } }]
`;
}
