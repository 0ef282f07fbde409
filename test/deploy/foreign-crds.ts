import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { execute } from '../runs/execute.ts';

/** The Go module whose go.sum pins the projects' files. */
const MODULE = join(import.meta.dirname, '../tools/foreign-crds');

/** The folders in which the projects have their CRDs, and the kinds that our objects use. */
const PROJECTS = {
  'cert-manager': {
    path: 'github.com/cert-manager/cert-manager',
    files: ['certificates', 'issuers'].map((name) => `deploy/crds/cert-manager.io_${name}.yaml`),
  },
  'prometheus-operator': {
    path: 'github.com/prometheus-operator/prometheus-operator',
    files: ['podmonitors', 'servicemonitors', 'prometheusrules'].map(
      (name) => `example/prometheus-operator-crd/monitoring.coreos.com_${name}.yaml`,
    ),
  },
} as const;

/**
 * CRDs of another project, as it publishes them, as a YAML text. Its Go module is downloaded once, and
 * checked against go.sum.
 */
export async function readForeignCrds(project: keyof typeof PROJECTS): Promise<string> {
  const { path, files } = PROJECTS[project];
  const text = await readFile(join(MODULE, 'go.mod'), 'utf8');
  const version = text.split(`\t${path} `)[1]?.split('\n', 1)[0] ?? '';
  const env = { ...process.env, GOFLAGS: '-mod=readonly', GOTOOLCHAIN: 'local', GOWORK: 'off' };
  const args = ['mod', 'download', '-json', `${path}@${version}`];
  const { stdout } = await execute('go', args, { cwd: MODULE, env });
  const { Dir: folder } = parse(stdout) as { readonly Dir: string };
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  return texts.join('\n---\n');
}
