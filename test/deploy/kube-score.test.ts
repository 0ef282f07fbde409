import assert from 'node:assert/strict';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { execute } from '../runs/execute.ts';
import { findGoTool } from '../tools/go-tool.ts';
import { CHART, openHelm, type Helm, type Values } from './helm.ts';
import { WISHES } from './wishes.ts';

const MODULE = join(import.meta.dirname, '../tools/kube-score');

/** Findings of kube-score that are accepted, with the reason. */
const EXPLAINED: Readonly<Record<string, string>> = {
  'CPU limit is not set': 'a limit of CPU would slow down reviews that somebody waits for',
  'Ephemeral Storage limit is not set': 'the root is read-only and nothing is written but the log',
  'Ephemeral Storage request is not set': 'as above',
  'ImagePullPolicy is not set to Always':
    'tags are versions and never move; a pull would make restarts wait for a registry',
  'The pod does not have a matching NetworkPolicy': 'that of helm test listens for nothing, and ends',
  'The pod does not have a matching egress NetworkPolicy':
    'it talks to the API server alone, whose address and port differ from cluster to cluster',
};

/** The findings about everything that the chart renders, without the names of the objects. */
async function score(yaml: string): Promise<ReadonlySet<string>> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'jwt-injector-score-'));
  const file = join(folder.path, 'all.yaml');
  await writeFile(file, yaml);
  const args = ['score', '--kubernetes-version=v1.30', '--output-format=ci', file];
  // Its exit code is 1 if anything is critical.
  const { stdout } = await execute(await findGoTool(MODULE), args).catch((error: unknown) => {
    if (error instanceof Error && 'stdout' in error && error.stdout !== '')
      return { stdout: String(error.stdout) };
    throw error;
  });
  const findings = stdout.split('\n').filter((line) => /^\[(?:CRITICAL|WARNING)\]/.test(line));
  return new Set(findings.map((line) => line.replace(/^\[\w+\] \S+ \S+: (?:\([\w-]+\) )?/, '')));
}

/** The pod of `helm test`, with a NetworkPolicy for its namespace: it listens on no port. */
async function renderTest(helm: Helm, values: Values): Promise<string> {
  const file = await helm.valuesFile(values);
  const shown = ['-f', file, '--show-only', 'templates/tests/review.yaml'];
  return helm.run('template', 'jwt-injector', CHART, '-n', 'jwt-injector', ...shown);
}

describe('kube-score', () => {
  it('finds exactly the explained problems in the chart', async () => {
    await using helm = await openHelm();
    const found = new Set<string>();
    for (const { values } of Object.values(WISHES))
      for (const yaml of [await helm.render(values), await renderTest(helm, values)])
        for (const finding of await score(yaml)) found.add(finding);
    assert.deepEqual([...found].toSorted(), Object.keys(EXPLAINED).toSorted());
  });

  it('would find a container that runs as root', async () => {
    await using helm = await openHelm();
    const asRoot = (await helm.render()).replace(
      'readOnlyRootFilesystem: true',
      'readOnlyRootFilesystem: false',
    );
    assert.ok(
      [...(await score(asRoot))].some((finding) =>
        /read only root|ReadOnlyRootFilesystem|writable/i.test(finding),
      ),
    );
  });
});
