import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import type { Cluster } from '../controlplane/cluster.ts';
import { borrowStage } from '../controlplane/loan.ts';
import type { Stage } from '../controlplane/stage.ts';

const SCRIPT = join(import.meta.dirname, '../../certs/make-dev-certs.sh');

describe('certs/make-dev-certs.sh --apply', () => {
  let stage: Stage<Cluster>;
  before(async () => {
    stage = await borrowStage({ withoutService: true });
  });
  after(() => stage.stop());

  it('makes a pair for the Service, writes its Secret, and sets caBundle in every webhook, again and again', async () => {
    const out = join(stage.cluster.folder, 'dev-certs');
    const path = [dirname(stage.cluster.kubectlPath), process.env['PATH']].join(delimiter);
    const env = {
      ...process.env,
      PATH: path,
      KUBECONFIG: stage.cluster.adminKubeconfig,
      HOME: stage.cluster.folder,
    };
    await promisify(execFile)(SCRIPT, ['--out', out, '--apply'], { env });
    await promisify(execFile)(SCRIPT, ['--out', out, '--apply'], { env });

    const ca = await readFile(join(out, 'ca.crt'), 'utf8');
    const read = async (...args: string[]) =>
      JSON.parse((await stage.cluster.kubectl(['get', ...args, '-o', 'json'])).stdout);
    const secret = await read('secret', 'jwt-injector-tls', '-n', 'jwt-injector');
    const leaf = new X509Certificate(Buffer.from(secret.data['tls.crt'], 'base64'));
    assert.ok(leaf.checkHost('jwt-injector.jwt-injector.svc'));
    assert.ok(leaf.verify(new X509Certificate(ca).publicKey));
    for (const kind of ['mutatingwebhookconfiguration', 'validatingwebhookconfiguration']) {
      const { webhooks } = await read(kind, 'jwt-injector');
      assert.ok(webhooks.length > 0);
      for (const { name, clientConfig } of webhooks) {
        assert.equal(Buffer.from(clientConfig.caBundle, 'base64').toString(), ca, name);
      }
    }
  });
});
