import assert from 'node:assert/strict';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { askApi } from '../controlplane/api-request.ts';
import { startStage } from '../controlplane/stage.ts';

/** Traces all requests. The API server's own spans are sent to a port on which nothing listens. */
const CONFIGURATION = {
  apiVersion: 'apiserver.config.k8s.io/v1beta1',
  kind: 'TracingConfiguration',
  endpoint: '127.0.0.1:1',
  samplingRatePerMillion: 1_000_000,
};

describe('with an API server that traces its requests', () => {
  it('the log line of each decision has trace and span', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'jwt-injector-tracing-'));
    const file = join(folder.path, 'tracing.json');
    await writeFile(file, JSON.stringify(CONFIGURATION));
    const stage = await startStage({ apiServerArgs: [`--tracing-config-file=${file}`] });
    try {
      await stage.cluster.createNamespace('traced');
      const seen: unknown[][] = [];
      for (const name of ['first', 'second']) {
        const pod = {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name, annotations: { 'tokens.osg-htc.org/token': 'my-jwt' } },
          spec: { containers: [{ name: 'main', image: 'busybox' }] },
        };
        const path = '/api/v1/namespaces/traced/pods?dryRun=All';
        const { status, body } = await askApi(stage.cluster.access, 'POST', path, pod);
        assert.equal(status, 201, body);
        const line = await stage.service().waitForLog((one) => one['name'] === name);
        seen.push([line['trace_id'], line['span_id']]);
      }
      for (const [trace, span] of seen) {
        assert.match(String(trace), /^[0-9a-f]{32}$/);
        assert.match(String(span), /^[0-9a-f]{16}$/);
      }
      assert.equal(new Set(seen.flat()).size, 4, 'two requests have nothing in common');
    } finally {
      await stage.stop();
    }
  });
});
