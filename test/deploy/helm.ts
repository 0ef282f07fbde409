import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SHORT_LIVED } from '../controlplane/kubectl.ts';
import { execute } from '../runs/execute.ts';
import { findGoTool } from '../tools/go-tool.ts';

const MODULE = join(import.meta.dirname, '../tools/helm');

/** Skips the schemas of all kinds, which take half of the time: `lifecycle.install.test.ts` installs with them. */
export const UNCHECKED = '--disable-openapi-validation';

/** The shipped chart. */
export const CHART = join(import.meta.dirname, '../../deploy/chart');

/** Values of the chart; those left out have their defaults. */
export type Values = Readonly<Record<string, unknown>>;

/** How a call of helm ended, with its output. */
export interface HelmResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs helm with a home of its own, which `Symbol.asyncDispose` removes. */
export interface Helm extends AsyncDisposable {
  /** Path of the program. */
  readonly program: string;
  /** Path of a program that adds `UNCHECKED` where it can be added. */
  readonly unchecked: string;
  /** Runs helm; does not throw if it fails. */
  try(...args: readonly string[]): Promise<HelmResult>;
  /** Runs helm; throws with its output if it fails. Gives its standard output. */
  run(...args: readonly string[]): Promise<string>;
  /** Path of a file with these values, for `-f`. */
  valuesFile(values: Values): Promise<string>;
  /** Renders the chart with these values by `helm template`, without hooks. */
  render(values?: Values, ...args: readonly string[]): Promise<string>;
}

/** Finds helm, or builds it once. With a kubeconfig it also uses that cluster. */
export async function openHelm(kubeconfig?: string): Promise<Helm> {
  const program = await findGoTool(MODULE);
  const home = await mkdtemp(join(tmpdir(), 'jwt-injector-helm-'));
  const env = {
    PATH: process.env['PATH'],
    HOME: home,
    HELM_CACHE_HOME: join(home, 'cache'),
    HELM_CONFIG_HOME: join(home, 'config'),
    HELM_DATA_HOME: join(home, 'data'),
    KUBECONFIG: kubeconfig ?? join(home, 'no-cluster'),
    ...SHORT_LIVED,
  };
  const unchecked = join(home, 'unchecked-helm');
  await writeFile(unchecked, withoutCheck(program), { mode: 0o755 });
  let files = 0;
  const helm: Helm = {
    program,
    unchecked,
    try: async (...args) => {
      try {
        return { code: 0, ...(await execute(program, [...args], { env })) };
      } catch (error) {
        if (!(error instanceof Error && 'stderr' in error && 'stdout' in error && 'code' in error))
          throw error;
        return { code: Number(error.code), stdout: String(error.stdout), stderr: String(error.stderr) };
      }
    },
    run: async (...args) => {
      const { code, stdout, stderr } = await helm.try(...args);
      if (code !== 0) throw new Error(`helm ${args.join(' ')} ended with ${code}: ${stderr}`);
      return stdout;
    },
    valuesFile: async (values) => {
      files += 1;
      const path = join(home, `values-${files}.yaml`);
      await writeFile(path, JSON.stringify(values)); // is YAML, too: `on` and `1e3` stay strings
      return path;
    },
    render: async (values = {}, ...args) => {
      const place = ['--namespace', 'jwt-injector', '--kube-version', '1.37.0', '--skip-tests'];
      const file = await helm.valuesFile(values);
      return helm.run('template', 'jwt-injector', CHART, ...place, '-f', file, ...args);
    },
    [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }),
  };
  return helm;
}

function withoutCheck(program: string): string {
  return `#!/bin/sh\ncase $1 in install | upgrade) set -- "$@" ${UNCHECKED} ;; esac\nexec '${program}' "$@"\n`;
}
