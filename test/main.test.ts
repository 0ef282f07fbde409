import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { EXIT } from '../src/commands/command.ts';
import { annotatedPod } from './admission/pods.ts';
import { make } from './certificates/made.ts';
import { startStoredApi } from './commands/stored-api.ts';
import { wireJwt } from './fixtures/jwts.ts';
import { answer } from './kube/bad-server.ts';

const MAIN = join(import.meta.dirname, '../src/main.ts');

describe('the command line', () => {
  it('ends quietly when its reader stops reading', async () => {
    const items = Array.from({ length: 1_000 }, (_, index) => {
      const pod = annotatedPod();
      return {
        ...pod,
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { ...Object(pod['metadata']), name: `pod-${index}` },
      };
    });
    const child = spawn(process.execPath, [MAIN, 'explain', '-f', '-']);
    let complaints = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
    child.stdin.end(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    await once(child.stdout, 'data');
    child.stdout.destroy();
    const [code] = await once(child, 'exit');
    assert.deepEqual([code, complaints], [0, '']);
  });

  describe('without a reader', () => {
    const run = (...args: readonly string[]) => {
      const child = spawn(process.execPath, [MAIN, ...args]);
      const ended = once(child, 'exit');
      return { child, ended };
    };

    it('has its usual exit code', async () => {
      const { child, ended } = run('inject', '-f', 'no-such-file.yaml');
      child.stderr.destroy();
      child.stdout.destroy();
      assert.deepEqual(await ended, [EXIT.outside, null]);
    });

    it('finishes its writes, and checks their results', async () => {
      await using api = await startStoredApi();
      const folder = await mkdtemp(join(tmpdir(), 'jwt-main-'));
      try {
        const { 'ca.crt': ca } = await make(Date.now());
        const file = join(folder, 'ca.crt');
        await writeFile(file, ca);
        const name = 'pods.tokens.osg-htc.org';
        const bundle = { [`k:{"name":"${name}"}`]: { 'f:clientConfig': { 'f:caBundle': {} } } };
        const manager = { manager: 'argocd', operation: 'Apply', fieldsV1: { 'f:webhooks': bundle } };
        const paths = ['mutating', 'validating'].map(
          (kind) => `/apis/admissionregistration.k8s.io/v1/${kind}webhookconfigurations/jwt-injector`,
        );
        for (const path of paths) {
          api.objects.set(path, {
            metadata: { resourceVersion: '1', managedFields: [manager] },
            webhooks: [{ name, clientConfig: {} }],
          });
        }
        // Nothing changes: as if somebody took each write back.
        api.interfere = ({ method, path }, response) => {
          if (method !== 'PATCH') return undefined;
          answer(response, 200, api.objects.get(path));
          return 'answered';
        };
        const { child, ended } = run('certs', 'trust', file, '--keep', '--kubeconfig', api.kubeconfig);
        child.stdout.destroy();
        let complaints = '';
        child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
        const [code] = await ended;
        assert.match(complaints, /^error: caBundle of .* is applied by "argocd" again/);
        assert.equal(code, EXIT.refused);
        assert.deepEqual(
          api.requests.filter(({ method }) => method === 'PATCH').map(({ path }) => path),
          paths,
        );
      } finally {
        await rm(folder, { recursive: true });
      }
    });

    it('ends a command that watches', async () => {
      await using api = await startStoredApi();
      api.objects.set('/apis/tokens.osg-htc.org/v1/namespaces/science/jwts/my-jwt', wireJwt());
      const { child, ended } = run('status', '--watch', '-n', 'science', '--kubeconfig', api.kubeconfig);
      child.stdout.destroy();
      assert.deepEqual(await ended, [EXIT.done, null]);
    });
  });
});
