import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { commandPrinter } from '../../../src/commands/cluster/command-printer.ts';
import { installAgain, lookAtPods, readLogs } from '../../../src/commands/installation/remedies.ts';
import { readObjects, renderOverlay } from '../../deploy/rendered.ts';

const installed = { namespace: 'tokens', printer: commandPrinter({}) };

describe('the commands that show pods and their logs', () => {
  for (const components of [[], ['components/separate']]) {
    it(`find all pods of the installation, with the components [${components.join()}]`, async () => {
      const objects = readObjects(await renderOverlay({ resources: ['default'], components }));
      const deployments = objects.filter(({ kind }) => kind === 'Deployment');
      assert.equal(deployments.length, components.length + 1);
      for (const { spec, metadata } of deployments) {
        const { template } = spec as { template: { metadata: { labels: Record<string, string> } } };
        for (const command of [lookAtPods(installed), readLogs(installed)]) {
          const [, key = '', value] = / -n tokens -l (\S+)=(\S+)/.exec(command) ?? [];
          assert.equal(template.metadata.labels[key], value, `${metadata.name}: ${command}`);
          assert.ok(value !== undefined, command);
        }
      }
    });
  }
});

describe('the commands that install again', () => {
  it('name the folder of the reader, as the one that is shipped has neither a registry nor components', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../docs/install.md'), 'utf8');
    const remedy = installAgain(commandPrinter({}));
    const [, folder = 'none'] = / -k ([\w-]+) \(.*docs\/install\.md\)/.exec(remedy) ?? [];
    assert.ok(page.includes(`$ kubectl apply --server-side -k ${folder}\n`), remedy);
  });
});
